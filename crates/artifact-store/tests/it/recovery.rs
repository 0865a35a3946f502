//! Recovery after writers that did not finish: content that is removed, and content that never is.

use std::fs;
use std::time::Duration;

use artifact_core::ports::{PageRequest, RegistryError};
use rusqlite::Connection;

use crate::processes::Child;
use crate::store::Store;

fn count(store: &Store, table: &str) -> i64 {
    let database = Connection::open(store.path().join("store.db")).unwrap();
    database
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
            row.get(0)
        })
        .unwrap()
}

#[tokio::test]
async fn a_finished_writer_leaves_nothing_behind() {
    let store = Store::new();
    let fixture = store.fixture();
    let draft = fixture.draft("data").file("a", "a").file("b", "b");
    draft.log().await;
    drop(draft);
    drop(fixture);
    assert!(store.leftovers().is_empty());
    assert_eq!(store.blobs().len(), 3, "two files and the manifest");
}

#[tokio::test]
async fn an_abandoned_version_goes_with_its_writer() {
    let store = Store::new();
    let fixture = store.fixture();
    let kept = fixture.draft("data").file("a", "kept");
    let record = kept.log().await;
    let abandoned = fixture.draft("data").file("a", "kept").file("b", "never");
    let pending = abandoned.begin().await;
    abandoned.store(&pending).await;
    // Content that no version came to use.
    fixture.transfer.ingest_bytes(b"unused").unwrap();
    drop((kept, abandoned, fixture));

    assert!(store.leftovers().is_empty());
    assert_eq!(store.blobs().len(), 2, "one file and its manifest");
    assert_eq!((count(&store, "version"), count(&store, "blob")), (1, 2));
    let fixture = store.fixture();
    let draft = fixture.draft("data").file("a", "kept");
    assert_eq!(draft.fetch(&record.id, &["a"]).await, [b"kept"]);
    let gone = fixture.registry.commit_artifact(&pending.id).await;
    assert!(
        matches!(gone, Err(RegistryError::NoArtifact { .. })),
        "{gone:?}"
    );
}

#[tokio::test]
async fn a_killed_writer_is_cleared_up_after() {
    let store = Store::new();
    let draft = store.fixture().draft("data").file("a", "committed");
    let record = draft.log().await;
    drop(draft);

    Child::run("crash", store.path()).wait_for_abort();
    assert_eq!(count(&store, "version"), 2);
    assert!(2 <= store.leftovers().len(), "a draft and a journal");
    let crashed_blobs = store.blobs().len();

    // Readers leave it all alone.
    let reader = store.fixture();
    reader
        .registry
        .artifact(&record.id.clone().into())
        .await
        .unwrap();
    drop(reader);
    assert_eq!(store.blobs().len(), crashed_blobs);

    // The next writer clears up, even if it writes next to nothing.
    let writer = store.fixture();
    let draft = writer.draft("data").file("a", "committed");
    assert_eq!(draft.log().await.id, record.id);
    assert_eq!((count(&store, "version"), count(&store, "blob")), (1, 2));
    assert_eq!(store.blobs().len(), 2);
    assert_eq!(draft.fetch(&record.id, &["a"]).await, [b"committed"]);
    drop((draft, writer));
    assert!(store.leftovers().is_empty());
}

#[tokio::test]
async fn a_live_writer_keeps_what_it_has_placed() {
    let store = Store::new();
    let mut holder = Child::run("hold", store.path());
    holder.wait_until_ready();

    // Started while the other one writes: no recovery now, nor when this one ends.
    let fixture = store.fixture();
    fixture.draft("mine").file("a", "mine").log().await;
    drop(fixture);
    assert!(!store.leftovers().is_empty(), "the other's journal");

    holder.finish();
    let fixture = store.fixture();
    let draft = fixture.draft("held").file("held.txt", "held");
    let record = draft.log().await;
    assert_eq!(record.version.get(), 0);
    assert_eq!(draft.fetch(&record.id, &["held.txt"]).await, [b"held"]);
}

#[tokio::test]
async fn a_journal_cut_off_in_the_middle_is_read() {
    let store = Store::new();
    store.fixture().draft("data").file("a", "a").log().await;
    fs::write(store.path().join("sessions/1-dead.keys"), [7; 45]).unwrap();
    fs::write(store.path().join("tmp/1-dead"), "half").unwrap();
    let fixture = store.fixture();
    fixture.transfer.ingest_bytes(b"anything").unwrap();
    drop(fixture);
    assert!(store.leftovers().is_empty());
    assert_eq!(store.blobs().len(), 2);
}

#[tokio::test]
async fn killed_at_any_point_nothing_committed_is_lost() {
    const KILLS: u64 = 25;

    let store = Store::new();
    for n in 0..KILLS {
        let child = Child::run("log", store.path());
        // From before the store is opened to after the last commit.
        std::thread::sleep(Duration::from_millis(n * n % 180));
        child.kill();

        let fixture = store.fixture();
        let name = "data".parse().unwrap();
        let page = PageRequest::first(1000);
        let versions = fixture
            .registry
            .versions(&fixture.project, &name, page)
            .await;
        let versions = versions.map(|page| page.items).unwrap_or_default();
        let numbers: Vec<_> = versions
            .iter()
            .rev()
            .map(|record| record.version.get())
            .collect();
        assert!(
            numbers
                .into_iter()
                .eq(0..versions.len().try_into().unwrap())
        );
        let draft = fixture.draft("data");
        for record in &versions {
            let contents = draft.fetch(&record.id, &["same", "own"]).await;
            assert_eq!(record.size, (contents[0].len() + contents[1].len()) as u64);
        }
    }
    store
        .fixture()
        .draft("data")
        .file("last", "last")
        .log()
        .await;
    assert!(store.leftovers().is_empty());
    assert_eq!(
        count(&store, "blob"),
        i64::try_from(store.blobs().len()).unwrap()
    );
}
