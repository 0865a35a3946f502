//! Versions that clients elsewhere make: deduplication, restarts, races.

use artifact_core::VersionSelector;
use artifact_core::ports::{ArtifactRegistry as _, CreateManifest, ManifestKind};
use artifact_core::records::{ArtifactId, ArtifactState, Version};
use artifact_store::StoreError;
use artifact_store::service::{CreateVersion, Deduplication, ListQuery};
use futures::future::join_all;

use crate::hub::{Files, Hub, expected, md5};
use crate::store::Store;

pub(crate) const A: Files<'_> = &[("a", "one"), ("dir/b", "two")];
pub(crate) const B: Files<'_> = &[("a", "one"), ("dir/b", "other")];

pub(crate) fn index(version: &Version) -> u32 {
    version.index.unwrap().get()
}

pub(crate) fn holder(hub: &Hub, name: &str, alias: &str) -> Option<ArtifactId> {
    let selector = VersionSelector::Alias(alias.parse().unwrap());
    let found = hub
        .service
        .membership(&hub.project, &name.parse().unwrap(), &selector);
    found.unwrap().map(|membership| membership.version.id)
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, StoreError>, part: &str) {
    let message = answer.unwrap_err().to_string();
    assert!(message.contains(part), "{message}");
}

#[tokio::test]
async fn a_digest_that_is_there_is_the_answer_and_an_output_of_the_run() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let ((first, first_id), (second, second_id)) = (hub.run("first"), hub.run("second"));
    let mut request = hub.request("data", A);
    request.artifact.run = Some(first.id);
    request.history_step = Some(7);
    let v0 = hub.log_as(&request, A).await;
    assert_eq!((index(&v0), v0.history_step), (0, Some(7)));
    assert_eq!((v0.size, v0.file_count), (6, 2));
    assert_eq!(holder(&hub, "data", "latest"), Some(v0.id.clone()));
    let v1 = hub.log("data", B).await;

    let mut request = hub.request("data", A);
    request.artifact.run = Some(second.id);
    request.artifact.aliases = vec!["best".parse().unwrap()];
    let again = hub.create(&request);
    assert_eq!(
        (&again.id, again.state, again.latest),
        (&v0.id, ArtifactState::Committed, Some(v1.id))
    );
    for alias in ["best", "latest"] {
        assert_eq!(holder(&hub, "data", alias), Some(v0.id.clone()), "{alias}");
    }
    for run in [&first_id, &second_id] {
        let outputs = hub
            .service
            .logged_by_run(run, &ListQuery::default())
            .unwrap();
        assert_eq!(outputs.total, 1);
        assert_eq!(outputs.items[0].item.id, v0.id);
    }
    let v0 = hub.service.version(&v0.id).unwrap().unwrap();
    assert_eq!(v0.run, Some(first_id.clone()), "the first that logged it");
    hub.service.delete_run(&first_id, false).unwrap();
    let v0 = hub.service.version(&v0.id).unwrap().unwrap();
    assert_eq!(v0.run, Some(second_id));
}

#[tokio::test]
async fn types_that_are_reserved_are_for_clients_elsewhere() {
    let store = Store::new();
    let hub = Hub::open(&store);
    for (name, artifact_type) in [
        ("run-1-history", "wandb-history"),
        ("job-1", "job"),
        ("run-1-t", "run_table"),
        ("source-p", "code"),
    ] {
        let mut request = hub.request(name, A);
        request.artifact.artifact_type = artifact_type.parse().unwrap();
        let refused = hub.engine.create_artifact(request.artifact.clone()).await;
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("reserves"), "{message}");
        let version = hub.log_as(&request, A).await;
        assert_eq!(version.artifact_type, request.artifact.artifact_type);
    }
}

#[tokio::test]
async fn who_asks_for_a_version_of_their_own_gets_one() {
    let store = Store::new();
    let hub = Hub::open(&store);
    hub.log("data", A).await;
    let request = CreateVersion {
        deduplication: Deduplication::Off,
        ..hub.request("data", A)
    };
    let v1 = hub.log_as(&request, A).await;
    assert_eq!(index(&v1), 1);
    assert_eq!(hub.create(&hub.request("data", A)).id, v1.id, "the newest");
}

#[tokio::test]
async fn the_id_of_a_version_that_came_second_stays_alive() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let (run, run_id) = hub.run("late");
    let mut request = hub.request("data", A);
    request.artifact.run = Some(run.id);
    request.client_id = Some("late-client".into());
    let late = hub.create(&request);
    let early = hub.log("data", A).await;
    assert_ne!(late.id, early.id);

    hub.store(&late.id, ManifestKind::Full, None, A)
        .await
        .unwrap();
    for _ in 0..2 {
        assert_eq!(hub.commit(&late.id).unwrap().id, early.id);
    }
    let check = |hub: &Hub| {
        let found = hub.service.version(&late.id).unwrap().unwrap();
        assert_eq!(
            (found.id, found.run),
            (early.id.clone(), Some(run_id.clone()))
        );
        let known = hub.service.version_of_client_id("late-client").unwrap();
        assert_eq!(known, Some(early.id.clone()));
        assert!(hub.service.manifest_ticket(&late.id).unwrap().is_some());
    };
    check(&hub);
    assert_eq!(hub.contents(&late.id).await, expected(A));
    let next = hub.create(&hub.request("data", B));
    let request = CreateManifest {
        artifact: next.id,
        base: Some(late.id.clone()),
        kind: ManifestKind::Full,
        run: None,
        upload: None,
    };
    hub.service.create_manifest(&request).unwrap();
    hub.service
        .use_version(&hub.run("user").0, &late.id)
        .unwrap();
    assert_eq!(hub.service.runs_using(&early.id).unwrap().len(), 1);
    drop(hub);
    check(&Hub::open(&store));
}

#[tokio::test]
async fn client_ids_mean_a_version_before_it_is_committed() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let request = CreateVersion {
        client_id: Some("version".into()),
        sequence_client_id: Some("sequence".into()),
        ..hub.request("data", A)
    };
    let id = hub.create(&request).id;
    let known = |client_id: &str| hub.service.version_of_client_id(client_id).unwrap();
    assert_eq!(known("version"), Some(id.clone()));
    assert_eq!(known("sequence"), Some(id.clone()));
    assert_eq!(known("nobody"), None);
    let newer = hub.log("data", B).await;
    assert_eq!(known("version"), Some(id));
    assert_eq!(known("sequence"), Some(newer.id));
}

#[tokio::test]
async fn a_commit_that_comes_too_early_changes_nothing() {
    let store = Store::new();
    let hub = Hub::open(&store);
    for kind in [ManifestKind::Full, ManifestKind::Patch] {
        let name = kind.file_name();
        let created = hub.create(&hub.request(name, A));
        refused(hub.commit(&created.id), "without its manifest");
        let manifest = hub.manifest(&created.id, kind, None);
        refused(hub.commit(&created.id), "without its manifest");
        assert!(hub.send_manifest(&manifest, A).await.is_err(), "no content");
        refused(hub.commit(&created.id), "without its manifest");
        hub.send_files(&created.id, &manifest, A).await;
        hub.send_manifest(&manifest, A).await.unwrap();
        assert_eq!(index(&hub.commit(&created.id).unwrap()), 0);
    }
}

#[tokio::test]
async fn what_the_version_before_has_is_not_sent_again() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let v0 = hub.log("data", A).await;
    let created = hub.create(&hub.request("data", B));
    let manifest = hub.manifest(&created.id, ManifestKind::Full, None);
    assert_eq!(hub.send_files(&created.id, &manifest, B).await, 1);
    hub.send_manifest(&manifest, B).await.unwrap();
    let v1 = hub.commit(&created.id).unwrap();
    assert_eq!(hub.contents(&v1.id).await, expected(B));
    let births: Vec<_> = hub
        .service
        .entries(&v1.id, &[], &ListQuery::default())
        .unwrap()
        .items
        .into_iter()
        .map(|listed| listed.item.birth)
        .collect();
    assert_eq!(births, [Some(v0.id), Some(v1.id)]);

    // The same bytes at another path of another collection give nobody anything.
    let other = hub.create(&hub.request("other", A));
    let manifest = hub.manifest(&other.id, ManifestKind::Full, None);
    assert_eq!(hub.send_files(&other.id, &manifest, A).await, 2);
}

#[tokio::test]
async fn the_manifest_of_a_client_is_kept_as_it_came() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let created = hub.create(&hub.request("data", &[("a", "one")]));
    let manifest = hub.manifest(&created.id, ManifestKind::Full, None);
    hub.send_files(&created.id, &manifest, &[("a", "one")])
        .await;
    let bytes = format!(
        r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{{"storageLayout":"V2"}},
        "contents":{{"a":{{"digest":"{}","birthArtifactID":"{}","size":3,"local_path":"/home/me/a","skip_cache":false}}}}}}"#,
        md5(b"one"),
        created.id
    );
    let receipt = hub
        .service
        .update_manifest(&manifest, md5(bytes.as_bytes()));
    let ticket = receipt.unwrap().upload.unwrap();
    let body = artifact_core::ports::UploadBody::Bytes(bytes.as_bytes());
    artifact_core::ports::BlobTransfer::upload(&hub.engine, &ticket, body, &|_| ())
        .await
        .unwrap();
    let version = hub.commit(&created.id).unwrap();
    assert_eq!(hub.manifest_file(&version.id).await, bytes.as_bytes());
}

const DAY: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn a_pending_version_of_a_client_survives_a_restart_for_a_day() {
    let store = Store::new();
    let hub = Hub::open_at(&store, 0);
    let created = hub.create(&hub.request("data", A));
    let manifest = hub.manifest(&created.id, ManifestKind::Full, None);
    hub.send_files(&created.id, &manifest, A).await;
    drop(hub);

    // A day later the client asks for one more thing: that counts as a sign of life.
    let hub = Hub::open_at(&store, DAY);
    assert_eq!(hub.send_files(&created.id, &manifest, &[]).await, 0);
    drop(hub);
    let hub = Hub::open_at(&store, 2 * DAY);
    hub.send_manifest(&manifest, A).await.unwrap();
    drop(hub);
    let hub = Hub::open_at(&store, 2 * DAY + 1);
    let version = hub.commit(&created.id).unwrap();
    assert_eq!(hub.contents(&version.id).await, expected(A));
    drop(hub);
    assert!(store.leftovers().is_empty());
}

#[tokio::test]
async fn a_pending_version_without_a_sign_of_its_writer_is_given_up() {
    let store = Store::new();
    let hub = Hub::open_at(&store, 0);
    let created = hub.create(&hub.request("data", A));
    let manifest = hub.manifest(&created.id, ManifestKind::Full, None);
    hub.send_files(&created.id, &manifest, A).await;
    drop(hub);
    assert_eq!(store.blobs().len(), 2);

    let hub = Hub::open_at(&store, DAY + 1);
    // The first write clears up.
    hub.create(&hub.request("other", B));
    assert_eq!(hub.service.version(&created.id).unwrap(), None);
    drop(hub);
    assert_eq!(store.blobs().len(), 0, "nor is its content left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn engines_that_race_for_the_next_version_number_without_gaps() {
    const VERSIONS: usize = 6;

    let store = Store::new();
    let writing = (0..4).map(|writer| {
        let hub = Hub::open(&store);
        tokio::spawn(async move {
            for n in 0..VERSIONS {
                let own = format!("{writer} {n}");
                // What all writers log in the same round is one version.
                let shared = format!("shared {n}");
                hub.log("data", &[("own", &own)]).await;
                hub.log("data", &[("own", &shared)]).await;
            }
        })
    });
    for writer in join_all(writing).await {
        writer.unwrap();
    }
    let hub = Hub::open(&store);
    let name = "data".parse().unwrap();
    let collection = hub
        .service
        .collection(&hub.project, &name)
        .unwrap()
        .unwrap();
    let listed = hub
        .service
        .versions(&collection.id, &ListQuery::default())
        .unwrap();
    let numbers = listed.items.iter().map(|listed| listed.item.0.get());
    let all = u32::try_from(4 * VERSIONS + VERSIONS).unwrap();
    assert!(numbers.eq((0..all).rev()), "newest first");
}
