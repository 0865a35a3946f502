//! Versions that several write, and versions on top of others.

use std::collections::BTreeMap;

use artifact_core::DigestAlgorithm;
use artifact_core::ports::ManifestKind;
use artifact_core::records::{ArtifactId, ArtifactState};
use artifact_store::service::{CreateVersion, Deduplication, ListQuery};
use manifest::{Manifest, ReadLimits};
use proptest::prelude::*;

use crate::hub::{Files, Hub, expected, manifest_of};
use crate::store::Store;

fn request(hub: &Hub, run: &str, files: Files<'_>) -> CreateVersion {
    let mut request = hub.request("parts", files);
    request.artifact.run = Some(hub.run(run).0.id);
    request.artifact.distributed_id = Some("together".into());
    request
}

/// Logs a partial version, as `run.upsert_artifact` does.
async fn upsert(hub: &Hub, run: &str, files: Files<'_>) -> Result<ArtifactId, String> {
    let created = hub.create(&request(hub, run, files));
    assert_eq!(created.state, ArtifactState::Pending);
    let writer = hub.run(run).0;
    let stored = hub.store(&created.id, ManifestKind::Patch, Some(&writer), files);
    match stored.await {
        Ok(()) => Ok(created.id),
        Err(error) => {
            let chain = std::error::Error::source(&error).map(ToString::to_string);
            Err(chain.unwrap_or_else(|| error.to_string()))
        }
    }
}

#[tokio::test]
async fn writers_share_one_version_until_it_is_committed() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let one = upsert(&hub, "one", &[("a", "a"), ("both", "same")])
        .await
        .unwrap();
    let two = upsert(&hub, "two", &[("b", "b"), ("both", "same")])
        .await
        .unwrap();
    assert_eq!(one, two);
    // A writer whose manifest never arrives counts for nothing.
    let lost = hub.manifest(&one, ManifestKind::Patch, Some(&hub.run("lost").0));
    hub.send_files(&one, &lost, &[("lost", "lost")]).await;
    // The one that finishes may have nothing of its own.
    upsert(&hub, "one", &[]).await.unwrap();
    let version = hub.commit(&one).unwrap();

    let files: Files<'_> = &[("a", "a"), ("b", "b"), ("both", "same")];
    assert_eq!(
        version.digest,
        manifest_of(files).digest(DigestAlgorithm::Md5)
    );
    assert_eq!((version.file_count, version.size), (3, 6));
    assert_eq!(hub.contents(&version.id).await, expected(files));
    let file = hub.manifest_file(&version.id).await;
    let file = Manifest::read(file.as_slice(), &ReadLimits::default()).unwrap();
    assert_eq!(file.digest(DigestAlgorithm::Md5), version.digest);
    for run in ["one", "two"] {
        let id = hub.run(run).1;
        let outputs = hub
            .service
            .logged_by_run(&id, &ListQuery::default())
            .unwrap();
        assert_eq!(outputs.total, 1, "{run}");
    }

    // Afterwards a new version begins; if it comes out the same, it is the first one.
    let next = upsert(&hub, "one", files).await.unwrap();
    assert_ne!(next, one);
    assert_eq!(hub.commit(&next).unwrap().id, one);
    assert_eq!(hub.service.version(&next).unwrap().unwrap().id, one);
    let third = upsert(&hub, "one", &[("c", "c")]).await.unwrap();
    assert_eq!(hub.commit(&third).unwrap().index, Some(1.into()));
}

#[tokio::test]
async fn different_content_at_one_path_is_refused_with_both_names() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let id = upsert(&hub, "one", &[("a", "a"), ("p", "mine")])
        .await
        .unwrap();
    let refused = upsert(&hub, "two", &[("p", "yours"), ("q", "q")])
        .await
        .unwrap_err();
    for part in ["p of artifact", "run one", "run two"] {
        assert!(refused.contains(part), "{refused}");
    }
    // The same run may think again, and the others go on.
    upsert(&hub, "one", &[("p", "better")]).await.unwrap();
    upsert(&hub, "three", &[("r", "r"), ("p", "better")])
        .await
        .unwrap();
    let refused = upsert(&hub, "one", &[("p", "worse")]).await.unwrap_err();
    assert!(refused.contains("run three"), "{refused}");
    let version = hub.commit(&id).unwrap();
    let files: Files<'_> = &[("a", "a"), ("p", "better"), ("r", "r")];
    assert_eq!(hub.contents(&version.id).await, expected(files));
}

#[tokio::test]
async fn an_increment_comes_on_top_of_the_newest_version() {
    let store = Store::new();
    let hub = Hub::open(&store);
    hub.log("data", &[("a", "old"), ("b", "b")]).await;
    let added: Files<'_> = &[("a", "new"), ("c", "c")];
    let created = hub.create(&hub.request("data", added));
    let manifest = hub.manifest(&created.id, ManifestKind::Incremental, None);
    assert_eq!(
        manifest,
        hub.manifest(&created.id, ManifestKind::Incremental, None)
    );
    hub.send_files(&created.id, &manifest, added).await;
    hub.send_manifest(&manifest, added).await.unwrap();
    // Meanwhile another version is committed: that one counts.
    hub.log("data", &[("a", "old"), ("d", "d")]).await;
    let version = hub.commit(&created.id).unwrap();
    let files: Files<'_> = &[("a", "new"), ("c", "c"), ("d", "d")];
    assert_eq!(version.index, Some(2.into()));
    assert_eq!(
        version.digest,
        manifest_of(files).digest(DigestAlgorithm::Md5)
    );
    assert_eq!(hub.contents(&version.id).await, expected(files));
    assert_eq!(hub.commit(&created.id).unwrap(), version);

    // The first version of a sequence has nothing below it.
    let created = hub.create(&hub.request("fresh", added));
    hub.store(&created.id, ManifestKind::Incremental, None, added)
        .await
        .unwrap();
    let version = hub.commit(&created.id).unwrap();
    assert_eq!(hub.contents(&version.id).await, expected(added));
}

#[tokio::test]
async fn an_increment_is_not_taken_for_an_earlier_version_of_its_entries_alone() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let first: Files<'_> = &[("a", "a")];
    let v0 = hub.log("data", first).await;
    let v1 = hub.log("data", &[("a", "changed"), ("b", "b")]).await;
    let request = |files| CreateVersion {
        deduplication: Deduplication::Newest,
        ..hub.request("data", files)
    };
    let created = hub.create(&request(first));
    assert_eq!(created.state, ArtifactState::Pending);
    hub.store(&created.id, ManifestKind::Incremental, None, first)
        .await
        .unwrap();
    let version = hub.commit(&created.id).unwrap();
    let files: Files<'_> = &[("a", "a"), ("b", "b")];
    assert_eq!(version.index, Some(2.into()));
    assert_eq!(hub.contents(&version.id).await, expected(files));

    // With all entries it is the earlier version, once they are known to be all; the newest is known at once.
    let created = hub.create(&request(first));
    hub.store(&created.id, ManifestKind::Full, None, first)
        .await
        .unwrap();
    assert_eq!(hub.commit(&created.id).unwrap().id, v0.id);
    let again = hub.create(&request(files));
    assert_eq!(
        (again.id, again.state),
        (version.id, ArtifactState::Committed)
    );
    assert_ne!(version.index, v1.index);
}

#[tokio::test]
async fn kinds_of_manifests_do_not_mix() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let created = hub.create(&hub.request("data", &[]));
    let full = hub.manifest(&created.id, ManifestKind::Full, None);
    assert_eq!(full, hub.manifest(&created.id, ManifestKind::Full, None));
    let request = artifact_core::ports::CreateManifest {
        artifact: created.id,
        base: None,
        kind: ManifestKind::Patch,
        run: None,
        upload: None,
    };
    let refused = hub.service.create_manifest(&request).unwrap_err();
    assert!(refused.to_string().contains("another kind"), "{refused}");
}

#[tokio::test]
async fn shares_outlive_their_processes_and_what_comes_to_nothing_is_cleared_up() {
    const GROUP: &str = "together";

    let store = Store::new();
    // Each writer is alone, so each clears up when it ends.
    let write = async |run: &str, files: Files<'_>, comes_to_its_end: bool| {
        let fixture = store.fixture();
        let run = fixture.run(run).await;
        let mut share = fixture.draft("parts").share_of(&run, GROUP);
        for (path, content) in files {
            share = share.file(path, content);
        }
        let pending = share.begin().await;
        let births = share.send_files(&pending).await;
        if comes_to_its_end {
            let file = share.manifest_file(&births);
            share.send_manifest(&pending, &file).await.unwrap();
        }
        pending.id
    };
    let id = write("one", &[("a", "first"), ("b", "b")], true).await;
    write("dead", &[("c", "never")], false).await;
    assert_eq!(write("one", &[("a", "second")], true).await, id);
    assert_eq!(write("two", &[("d", "d")], true).await, id);

    let fixture = store.fixture();
    let record = fixture.registry.commit_artifact(&id).await.unwrap();
    let draft = fixture.draft("parts").file("a", "second").file("b", "b");
    let draft = draft.file("d", "d");
    assert_eq!(
        draft.fetch(&id, &["a", "b", "d"]).await,
        [b"second".as_slice(), b"b", b"d"]
    );
    assert_eq!((record.digest, record.file_count), (draft.digest(), 3));
    drop((draft, fixture));
    assert!(store.leftovers().is_empty());
    assert_eq!(store.blobs().len(), 4, "three files and the manifest");
}

/// An event in the life of a distributed version, by writer.
#[derive(Debug, Clone)]
enum Step {
    /// The next patch of a writer arrives.
    Write(usize),
    /// The last patch of a writer arrives again.
    Retry(usize),
    /// A writer dies before its manifest arrives.
    Die(usize),
    /// The server is started anew.
    Restart,
}

const WRITERS: usize = 3;

/// Two patches of a writer; the second overwrites part of the first. All writers have one entry in common.
fn patches(writer: usize) -> [Vec<(String, String)>; 2] {
    let entry = |path: String, content: String| (path, content);
    [
        vec![
            entry("common".into(), "common".into()),
            entry(format!("{writer}/first"), format!("{writer}")),
            entry(format!("{writer}/changed"), "before".into()),
        ],
        vec![
            entry(format!("{writer}/changed"), "after".into()),
            entry(format!("{writer}/second"), String::new()),
        ],
    ]
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = files
        .iter()
        .map(|(path, content)| (path.as_str(), content.as_str()));
    pairs.collect()
}

async fn play(steps: &[Step]) -> Vec<u8> {
    let store = Store::new();
    let mut hub = Hub::open(&store);
    let mut done = [0; WRITERS];
    let id = hub.create(&request(&hub, "0", &[])).id;
    let mut expected = BTreeMap::new();
    let rest = (0..WRITERS).flat_map(|writer| [Step::Write(writer), Step::Write(writer)]);
    for step in steps.iter().cloned().chain(rest) {
        match step {
            Step::Write(writer) if done[writer] < 2 => {
                let files = &patches(writer)[done[writer]];
                upsert(&hub, &writer.to_string(), &borrowed(files))
                    .await
                    .unwrap();
                expected.extend(files.iter().cloned());
                done[writer] += 1;
            }
            Step::Retry(writer) if 0 < done[writer] => {
                let files = &patches(writer)[done[writer] - 1];
                upsert(&hub, &writer.to_string(), &borrowed(files))
                    .await
                    .unwrap();
            }
            Step::Die(writer) => {
                let run = hub.run(&writer.to_string()).0;
                let manifest = hub.manifest(&id, ManifestKind::Patch, Some(&run));
                hub.send_files(&id, &manifest, &[("common", "never")]).await;
            }
            Step::Restart => {
                drop(hub);
                hub = Hub::open(&store);
            }
            _ => {}
        }
    }
    let version = hub.commit(&id).unwrap();
    assert_eq!(version.id, id);
    assert_eq!(hub.contents(&id).await, expected);
    // The ids of stores differ, and with them those in the file.
    let file = String::from_utf8(hub.manifest_file(&id).await).unwrap();
    file.replace(&id.0, "ID").into_bytes()
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..WRITERS).prop_map(Step::Write),
        2 => (0..WRITERS).prop_map(Step::Retry),
        1 => (0..WRITERS).prop_map(Step::Die),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_patches_gives_the_same_manifest(steps in proptest::collection::vec(step(), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (plain, played) = runtime.block_on(async { (play(&[]).await, play(&steps).await) });
        prop_assert_eq!(plain, played);
    }
}
