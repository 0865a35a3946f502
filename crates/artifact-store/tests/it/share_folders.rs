//! Shares of which one has a file where another one has a folder.

use std::fmt::Write as _;
use std::thread;

use artifact_core::ports::{BlobTransfer as _, ManifestKind, UploadBody};
use artifact_core::records::ArtifactId;
use artifact_store::service::CreateVersion;
use rusqlite::Connection;

use crate::hub::{Files, Hub, expected, md5};
use crate::store::Store;

fn request(hub: &Hub, run: &str) -> CreateVersion {
    let mut request = hub.request("parts", &[]);
    request.artifact.run = Some(hub.run(run).0.id);
    request.artifact.distributed_id = Some("together".into());
    request
}

/// Sends a share; returns the version that it is of.
async fn send(
    hub: &Hub,
    run: &str,
    kind: ManifestKind,
    files: Files<'_>,
) -> Result<ArtifactId, String> {
    let id = hub.create(&request(hub, run)).id;
    let writer = hub.run(run).0;
    let stored = hub.store(&id, kind, Some(&writer), files).await;
    let cause = |error| std::error::Error::source(&error).map(ToString::to_string);
    stored.map_err(|error| cause(error).unwrap()).map(|()| id)
}

async fn share(hub: &Hub, run: &str, files: Files<'_>) -> Result<ArtifactId, String> {
    send(hub, run, ManifestKind::Patch, files).await
}

fn assert_tells(refused: &str, parts: &[&str]) {
    for part in parts {
        assert!(refused.contains(part), "{part:?} is not in {refused}");
    }
}

#[tokio::test]
async fn a_file_where_another_run_has_a_folder_is_refused() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let first: Files<'_> = &[("out/a/b/c", "c"), ("z", "z")];
    let id = share(&hub, "one", first).await.unwrap();
    for outer in ["out", "out/a", "out/a/b"] {
        let refused = share(&hub, "two", &[(outer, "x"), ("other", "x")]).await;
        let what = format!("{outer} would be a file and a folder at once");
        let two = format!("run two has {outer}:");
        let one = "out/a/b/c of artifact parts was written by run one";
        assert_tells(&refused.unwrap_err(), &[&what, &two, one]);
    }
    // What only begins with the same letters is something else, before and behind the slash in the order of paths.
    let near: Files<'_> = &[
        ("out-", "n"),
        ("out0", "n"),
        ("out/a.", "n"),
        ("out/a/b0", "n"),
        ("out/a/b-/c/d", "n"),
    ];
    share(&hub, "two", near).await.unwrap();
    let version = hub.commit(&id).unwrap();
    let all: Vec<_> = first.iter().chain(near).copied().collect();
    assert_eq!(hub.contents(&version.id).await, expected(&all));
}

#[tokio::test]
async fn a_folder_where_another_run_has_a_file_is_refused() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let first: Files<'_> = &[("a", "a"), ("m/n", "n"), ("m/o-", "o")];
    let id = share(&hub, "one", first).await.unwrap();
    for (inner, outer) in [("a/b", "a"), ("m/n/deep/er", "m/n"), ("m/o-/x", "m/o-")] {
        let files: Files<'_> = &[("a-b/x", "x"), ("m/a", "x"), (inner, "x")];
        let refused = share(&hub, "two", files).await;
        let what = format!("{outer} would be a file and a folder at once");
        let one = format!("{outer} of artifact parts was written by run one");
        let two = format!("run two has {inner}:");
        assert_tells(&refused.unwrap_err(), &[&what, &one, &two]);
    }
    // All of the refused shares counts for nothing.
    let version = hub.commit(&id).unwrap();
    assert_eq!(hub.contents(&version.id).await, expected(first));
}

#[tokio::test]
async fn what_never_arrived_is_in_nobodys_way() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let id = hub.create(&request(&hub, "dead")).id;
    let dead = hub.manifest(&id, ManifestKind::Patch, Some(&hub.run("dead").0));
    hub.send_files(&id, &dead, &[("a", "a"), ("b/c", "c")])
        .await;
    let files: Files<'_> = &[("a/b", "b"), ("b", "b")];
    share(&hub, "one", files).await.unwrap();
    // It comes after all: now it is the later one.
    let refused = hub.send_manifest(&dead, &[("a", "a"), ("b/c", "c")]).await;
    assert!(refused.is_err());
    let version = hub.commit(&id).unwrap();
    assert_eq!(hub.contents(&version.id).await, expected(files));
}

#[tokio::test]
async fn a_run_may_make_a_folder_of_its_file_and_a_file_of_its_folder() {
    let store = Store::new();
    let hub = Hub::open(&store);
    share(
        &hub,
        "one",
        &[("a", "file"), ("b", "b"), ("deep/er/c", "c")],
    )
    .await
    .unwrap();
    let id = share(&hub, "one", &[("a/b", "in a folder"), ("deep", "file")])
        .await
        .unwrap();
    // What counts no longer is in no other run's way, and what counts is.
    share(&hub, "two", &[("a/c", "c")]).await.unwrap();
    let refused = share(&hub, "three", &[("deep/er/c", "c")]).await;
    assert_tells(&refused.unwrap_err(), &["run one", "run three", "deep"]);
    // Nor may a run that comes back with its first share have a file where another one has a folder meanwhile.
    let refused = share(&hub, "one", &[("a", "file")]).await;
    assert_tells(&refused.unwrap_err(), &["run one has a:", "run two"]);
    let version = hub.commit(&id).unwrap();
    let files: Files<'_> = &[
        ("a/b", "in a folder"),
        ("a/c", "c"),
        ("b", "b"),
        ("deep", "file"),
    ];
    assert_eq!(hub.contents(&version.id).await, expected(files));
    drop(hub);
    // `file`, once replaced as `a`, is what `deep` has; `c` is what `a/c` has.
    assert_eq!(store.blobs().len(), 4 + 1, "four contents and the manifest");
}

#[tokio::test]
async fn names_that_sort_before_the_slash_are_in_no_ones_way_and_hide_nothing() {
    // `a-`, `a.b` and `a b` sort between `a` and `a/`.
    let names = ["a-/x", "a.b", "a b/c d/e", "-", "-x/y", "a-b", "0", "b"];
    for (outer, inner) in [("a", "a/-"), ("-x", "-x/z"), ("a b/c d", "a b/c d/f")] {
        for (first, second) in [(outer, inner), (inner, outer)] {
            let store = Store::new();
            let hub = Hub::open(&store);
            let folder = format!("{outer}/");
            let beside = names.iter().filter(|name| !name.starts_with(&folder));
            let beside: Vec<_> = beside.map(|name| (*name, "x")).collect();
            share(&hub, "one", &[(first, "x")]).await.unwrap();
            share(&hub, "two", &beside).await.unwrap();
            let with_all = [beside.as_slice(), &[(second, "x")]].concat();
            let refused = share(&hub, "two", &with_all).await.unwrap_err();
            assert_tells(&refused, &["run one", "run two", outer, inner]);
        }
    }
}

#[tokio::test]
async fn a_share_that_an_earlier_program_stored_is_held_to_the_rule() {
    let store = Store::new();
    let hub = Hub::open(&store);
    share(&hub, "one", &[("a", "a")]).await.unwrap();
    drop(hub);
    let database = Connection::open(store.path().join("store.db")).unwrap();
    let earlier = "DROP INDEX entry_of_share; ALTER TABLE entry DROP COLUMN share_of; PRAGMA user_version = 6;";
    database.execute_batch(earlier).unwrap();
    drop(database);
    let hub = Hub::open(&store);
    let refused = share(&hub, "two", &[("a/b", "b")]).await.unwrap_err();
    assert_tells(&refused, &["run one", "run two has a/b"]);
}

#[tokio::test]
async fn content_that_gave_way_is_freed() {
    let store = Store::new();
    let hub = Hub::open(&store);
    share(&hub, "one", &[("a", "gives way"), ("b/c", "this, too")])
        .await
        .unwrap();
    // Another process goes on: what the first one has brought is in no journal any more.
    drop(hub);
    let hub = Hub::open(&store);
    let id = share(&hub, "one", &[("a/b", "stays"), ("b", "also")])
        .await
        .unwrap();
    hub.commit(&id).unwrap();
    drop(hub);
    assert!(store.leftovers().is_empty());
    assert_eq!(store.blobs().len(), 2 + 1, "two files and the manifest");
}

#[tokio::test]
async fn a_large_share_is_refused_whole_though_it_is_stored_in_steps() {
    const ENTRIES: usize = 20_000;

    let store = Store::new();
    let hub = Hub::open(&store);
    let id = share(&hub, "one", &[("zz", "file")]).await.unwrap();
    let mut file =
        r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","contents":{"#.to_owned();
    for number in 0..ENTRIES {
        let path = format!("{number:05}.bin");
        let _ = write!(
            file,
            r#""{path}":{{"digest":"etag","ref":"s3://bucket/{path}","size":1}},"#
        );
    }
    file.push_str(r#""zz/x":{"digest":"etag","ref":"s3://bucket/x","size":1}}}"#);
    assert!(1 << 20 < file.len(), "it is stored in one step");
    let manifest = hub.manifest(&id, ManifestKind::Patch, Some(&hub.run("two").0));
    let receipt = hub.service.update_manifest(&manifest, md5(file.as_bytes()));
    let ticket = receipt.unwrap().upload.unwrap();
    let sent = hub
        .engine
        .upload(&ticket, UploadBody::Bytes(file.as_bytes()), &|_| ());
    let refused = sent.await.unwrap_err();
    let refused = std::error::Error::source(&refused).unwrap().to_string();
    assert_tells(
        &refused,
        &["zz of artifact parts", "run one", "run two has zz/x"],
    );

    // What the steps before have left is in nobody's way, and in no version.
    share(&hub, "three", &[("00000.bin/x", "x")]).await.unwrap();
    let version = hub.commit(&id).unwrap();
    let files: Files<'_> = &[("00000.bin/x", "x"), ("zz", "file")];
    assert_eq!(hub.contents(&version.id).await, expected(files));
}

#[tokio::test]
async fn shares_without_a_run_are_those_of_different_writers() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let id = hub.create(&request(&hub, "one")).id;
    let store_share = |files| hub.store(&id, ManifestKind::Patch, None, files);
    store_share(&[("a", "a")]).await.unwrap();
    let refused = store_share(&[("a/b", "b")]).await.unwrap_err();
    let refused = std::error::Error::source(&refused).unwrap().to_string();
    assert_tells(&refused, &["a writer outside a run has a/b"]);
}

#[test]
fn of_two_shares_that_arrive_at_once_one_is_refused() {
    const ROUNDS: usize = 20;

    let store = Store::new();
    let hub = Hub::open(&store);
    for round in 0..ROUNDS {
        let outer = format!("{round}/a");
        let inner = format!("{outer}/b");
        let sent = thread::scope(|scope| {
            let threads = [("one", outer), ("two", inner)].map(|(run, path)| {
                let hub = hub.clone();
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().build();
                    let files: Files<'_> = &[(&path, "x")];
                    runtime.unwrap().block_on(share(&hub, run, files))
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        let refused = sent.iter().filter(|sent| sent.is_err()).count();
        assert_eq!(refused, 1, "{sent:?}");
    }
    let id = hub.create(&request(&hub, "one")).id;
    assert_eq!(hub.commit(&id).unwrap().file_count, ROUNDS as u64);
}

#[tokio::test]
async fn an_increment_does_not_make_a_folder_of_a_file_below_it() {
    let store = Store::new();
    let hub = Hub::open(&store);
    hub.log("parts", &[("a", "a"), ("m/n", "n")]).await;
    for (path, below) in [("a/b", "a"), ("m", "m/n")] {
        let files: Files<'_> = &[(path, "x"), ("new", "x")];
        let refused = send(&hub, "one", ManifestKind::Incremental, files).await;
        let what = format!("{path} cannot come on top of parts:v0, which has {below}");
        assert_tells(&refused.unwrap_err(), &[&what]);
    }
    let files: Files<'_> = &[("a", "changed"), ("m/o", "o")];
    let id = send(&hub, "one", ManifestKind::Incremental, files)
        .await
        .unwrap();
    // What is below it is decided by the commit.
    hub.log("parts", &[("m/o/p", "p")]).await;
    let refused = hub.commit(&id).unwrap_err().to_string();
    assert_tells(&refused, &["m/o cannot come on top of parts:v1", "m/o/p"]);
    // The increment stays as it is, and is committed when it can be.
    hub.log("parts", &[("m/q", "q")]).await;
    let version = hub.commit(&id).unwrap();
    let files: Files<'_> = &[("a", "changed"), ("m/o", "o"), ("m/q", "q")];
    assert_eq!(hub.contents(&version.id).await, expected(files));
}

#[tokio::test]
async fn a_version_with_a_file_that_is_a_folder_can_still_be_built_upon() {
    let store = Store::new();
    let hub = Hub::open(&store);
    // Objects of a bucket may be named so, and the official client lets them be logged.
    hub.log("parts", &[("a", "a"), ("a/b", "b")]).await;
    let id = send(&hub, "one", ManifestKind::Incremental, &[("c", "c")])
        .await
        .unwrap();
    assert_eq!(hub.commit(&id).unwrap().file_count, 3);
}
