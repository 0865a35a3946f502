//! Garbage collection: content that is freed, and content that never is; findings of an inspection.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use artifact_core::ports::{AliasedDeletion, ArtifactRecord, ArtifactRegistry as _, RegistryError};
use artifact_core::{ProjectAddress, Timestamp, Ttl};
use artifact_store::{ContentUse, Engine, EngineOptions};
use registry_conformance::Fixture;

use crate::store::{Store, open, open_or_create};

/// An engine that has nothing to do with the fixtures, as another process would have it.
fn engine(store: &Store) -> Engine {
    open(store.path(), EngineOptions::default()).unwrap()
}

async fn deleted(fixture: &Fixture, record: &ArtifactRecord) {
    let with_aliases = AliasedDeletion::DeleteAliases;
    let deleted = fixture.catalog.delete_artifact(&record.id, with_aliases);
    deleted.await.unwrap();
}

fn blob_with(store: &Store, content: &[u8]) -> PathBuf {
    let blobs = store.blobs().into_iter();
    let mut blobs = blobs.filter(|blob| fs::read(blob).unwrap() == content);
    blobs.next().unwrap()
}

#[tokio::test]
async fn what_a_deleted_version_alone_had_is_freed() {
    let store = Store::new();
    let fixture = store.fixture();
    let draft = fixture
        .draft("data")
        .file("a", "only here")
        .file("b", "shared");
    let first = draft.log().await;
    let second = fixture.draft("data").file("b", "shared").log().await;
    deleted(&fixture, &first).await;
    drop((draft, fixture));

    let engine = engine(&store);
    let found = engine.find_garbage().await.unwrap();
    assert_eq!(
        (found.blobs, found.expired.len()),
        (2, 0),
        "the file and the manifest"
    );
    assert!(!found.is_freed);
    assert_eq!(store.blobs().len(), 4, "a search changes nothing");
    assert_eq!(engine.find_garbage().await.unwrap(), found);

    let freed = engine.collect_garbage().await.unwrap();
    assert!(freed.is_freed);
    assert_eq!((freed.blobs, freed.bytes), (found.blobs, found.bytes));
    assert_eq!(store.blobs().len(), 2);
    assert!(store.leftovers().is_empty());
    assert_eq!(engine.collect_garbage().await.unwrap().blobs, 0);
    let fixture = store.fixture();
    let draft = fixture.draft("data").file("b", "shared");
    assert_eq!(draft.fetch(&second.id, &["b"]).await, [b"shared"]);
}

#[tokio::test]
async fn nothing_is_freed_while_somebody_else_writes() {
    let store = Store::new();
    let fixture = store.fixture();
    let record = fixture.draft("data").file("a", "gone").log().await;
    deleted(&fixture, &record).await;

    // The writer lives, and takes in what nothing refers to yet.
    let draft = fixture.draft("data").file("a", "gone");
    let pending = draft.begin().await;
    let births = draft.send_files(&pending).await;
    let noted = engine(&store).collect_garbage().await.unwrap();
    assert!(!noted.is_freed);
    let manifest = draft.manifest_file(&births);
    draft.send_manifest(&pending, &manifest).await.unwrap();
    let again = fixture.registry.commit_artifact(&pending.id).await.unwrap();
    assert_eq!(draft.fetch(&again.id, &["a"]).await, [b"gone"]);
    deleted(&fixture, &again).await;
    engine(&store).collect_garbage().await.unwrap();
    drop((draft, fixture));

    // The next writer that is alone frees what was noted.
    let fixture = store.fixture();
    fixture.draft("data").file("b", "new").log().await;
    assert_eq!(store.blobs().len(), 2, "the new file and its manifest");
}

#[tokio::test]
async fn versions_go_when_their_time_is_over() {
    const DAY: i64 = 24 * 60 * 60 * 1000;

    let store = Store::new();
    let now = Arc::new(AtomicI64::new(1_000 * DAY));
    let clock = Arc::clone(&now);
    let options = EngineOptions::default();
    let options = options.clock(move || Timestamp::from_unix_millis(clock.load(Ordering::Relaxed)));
    let engine = Arc::new(open_or_create(store.path(), options).unwrap());
    let project = ProjectAddress {
        entity: "team".parse().unwrap(),
        project: "vision".parse().unwrap(),
    };
    let fixture = Fixture::new(engine.clone(), engine.clone(), project.clone(), ());
    let kept_for = async |name: &str, ttl: Ttl| {
        let draft = fixture.draft(name).file("a", name);
        draft.with(|request| request.ttl = ttl).log().await
    };
    let day = Ttl::Seconds(86_400);
    let short = kept_for("short", day).await;
    let linked = kept_for("linked", day).await;
    let long = kept_for("long", Ttl::Seconds(u64::MAX >> 1)).await;
    let inherited = kept_for("inherited", Ttl::Inherit).await;
    let for_ever = kept_for("for-ever", Ttl::Disabled).await;
    let portfolio = "best".parse().unwrap();
    let link = fixture.catalog.link(&linked.id, &project, &portfolio, &[]);
    link.await.unwrap();

    now.fetch_add(DAY - 1_000, Ordering::Relaxed);
    assert_eq!(engine.find_garbage().await.unwrap().expired, []);
    now.fetch_add(1_000, Ordering::Relaxed);
    let found = engine.find_garbage().await.unwrap();
    assert_eq!(found.expired, [short.address()]);
    let collected = engine.collect_garbage().await.unwrap();
    assert_eq!(collected.expired, [short.address()]);
    let gone = fixture.registry.artifact(&short.id.into()).await;
    assert!(
        matches!(gone, Err(RegistryError::NoArtifact { .. })),
        "{gone:?}"
    );
    for kept in [linked, long, inherited, for_ever] {
        fixture.registry.artifact(&kept.id.into()).await.unwrap();
    }
}

#[tokio::test]
async fn an_inspection_names_what_is_damaged_and_who_uses_it() {
    let store = Store::new();
    let fixture = store.fixture();
    let draft = fixture.draft("data").file("a", "right").file("b/c", "cut");
    let record = draft.file("d", "gone").file("e", "gone").log().await;
    drop(fixture);
    let engine = engine(&store);
    let read = Arc::new(AtomicI64::new(0));
    let counter = Arc::clone(&read);
    let count = Arc::new(move |files, _| {
        let files: u64 = files;
        counter.fetch_add(i64::try_from(files).unwrap(), Ordering::Relaxed);
    });
    let whole = engine.inspect(count.clone()).await.unwrap();
    assert_eq!((whole.ok, whole.damaged.len()), (4, 0));
    assert_eq!(read.load(Ordering::Relaxed), 4);
    assert_eq!(
        engine.content_totals().await.unwrap(),
        (whole.ok, whole.ok_bytes)
    );

    let (cut, gone) = (blob_with(&store, b"cut"), blob_with(&store, b"gone"));
    fs::remove_file(&cut).unwrap();
    fs::write(&cut, "cuT").unwrap();
    fs::remove_file(&gone).unwrap();
    let found = engine.inspect(count).await.unwrap();
    assert_eq!(found.ok, 2);
    let entry = |path: &str| ContentUse::Entry {
        version: record.address(),
        path: path.parse().unwrap(),
    };
    let mut damaged = found.damaged.clone();
    damaged.sort_by_key(|blob| blob.is_missing);
    let told: Vec<_> = damaged.iter().map(|blob| blob.uses.clone()).collect();
    assert_eq!(told, [vec![entry("b/c")], vec![entry("d"), entry("e")]]);
    assert!(!damaged[0].is_missing && damaged[1].is_missing);

    // Only the very content takes the place of what is damaged.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "other").unwrap();
    assert!(!engine.restore(damaged[0].key, file.clone()).await.unwrap());
    for (blob, content) in damaged.iter().zip(["cut", "gone"]) {
        fs::write(&file, content).unwrap();
        assert!(engine.restore(blob.key, file.clone()).await.unwrap());
    }
    let whole = engine.inspect(Arc::new(|_, _| {})).await.unwrap();
    assert_eq!((whole.ok, whole.damaged.len()), (4, 0));
    drop(engine);
    assert!(store.leftovers().is_empty());
}

#[tokio::test]
async fn a_manifest_is_written_anew_and_what_it_replaces_goes() {
    let store = Store::new();
    let fixture = store.fixture();
    let record = fixture.draft("data").file("a", "content").log().await;
    let before = fixture.registry.manifest(&record.id).await.unwrap();
    drop(fixture);
    let engine = engine(&store);
    let is_manifest = |blob: &PathBuf| fs::read(blob).unwrap().starts_with(b"{");
    let damaged = store.blobs().into_iter().find(is_manifest).unwrap();
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, "{").unwrap();
    let found = engine.inspect(Arc::new(|_, _| {})).await.unwrap();
    let version = record.address();
    assert_eq!(
        found.damaged[0].uses,
        [ContentUse::Manifest {
            version: version.clone()
        }]
    );

    assert!(engine.rewrite_manifest(version).await.unwrap());
    let after = engine.manifest(&record.id).await.unwrap();
    let found = engine.inspect(Arc::new(|_, _| {})).await.unwrap();
    let left = &found.damaged;
    assert!(left.iter().all(|blob| blob.uses.is_empty()), "{left:?}");
    assert_ne!(before.digest, after.digest, "the fixture writes others");
    drop(engine);
    assert!(store.leftovers().is_empty());
    let found = self::engine(&store).inspect(Arc::new(|_, _| {})).await;
    let found = found.unwrap();
    assert_eq!((found.ok, found.damaged.len()), (2, 0));
}

#[tokio::test]
async fn a_manifest_is_not_written_from_rows_that_are_not_the_versions() {
    let store = Store::new();
    let fixture = store.fixture();
    let record = fixture.draft("data").file("a", "content").log().await;
    let before = fixture.registry.manifest(&record.id).await.unwrap();
    let database = rusqlite::Connection::open(store.path().join("store.db")).unwrap();
    let changed = database.execute("UPDATE entry SET path = 'b'", []);
    assert_eq!(changed, Ok(1));
    let engine = engine(&store);
    assert!(!engine.rewrite_manifest(record.address()).await.unwrap());
    let after = engine.manifest(&record.id).await.unwrap();
    assert_eq!(before.digest, after.digest);
}
