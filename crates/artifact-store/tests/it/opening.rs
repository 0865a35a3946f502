//! Opening stores, and what is none.

use std::fs;
use std::sync::Arc;

use artifact_core::Timestamp;
use artifact_core::ports::{PageRequest, RegistryError};
use artifact_core::records::ArtifactId;
use artifact_store::{EngineOptions, StoreError};
use registry_conformance::Fixture;
use rusqlite::Connection;

use crate::store::{Store, files_in, open, open_or_create};

#[test]
fn reading_a_missing_store_creates_nothing() {
    let store = Store::new();
    let folder = store.path().join("not/there");
    let opened = open(&folder, EngineOptions::default());
    let error = opened.unwrap_err();
    assert!(matches!(error, StoreError::NoStore { .. }), "{error:?}");
    assert!(error.to_string().contains("not/there"), "{error}");
    assert!(files_in(store.path()).is_empty());
}

#[tokio::test]
async fn reading_takes_no_lock_and_starts_no_session() {
    let store = Store::new();
    store.fixture().draft("data").file("a", "a").log().await;
    let before = files_in(&store.path().join("sessions"));
    fs::remove_file(store.path().join("lock")).unwrap();
    let fixture = store.fixture();
    let name = "data".parse().unwrap();
    let versions = fixture
        .registry
        .versions(&fixture.project, &name, PageRequest::first(1));
    assert_eq!(versions.await.unwrap().items.len(), 1);
    assert_eq!(files_in(&store.path().join("sessions")), before);
    assert!(!store.path().join("lock").exists());
}

#[test]
fn a_store_of_a_newer_program_is_refused() {
    let store = Store::new();
    drop(store.fixture());
    let database = Connection::open(store.path().join("store.db")).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    for opened in [
        open(store.path(), EngineOptions::default()),
        open_or_create(store.path(), EngineOptions::default()),
    ] {
        let error = opened.unwrap_err();
        assert!(
            matches!(error, StoreError::NewerStore { found: 999, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("999"), "{error}");
    }
}

#[test]
fn a_database_of_something_else_is_left_alone() {
    let store = Store::new();
    let path = store.path().join("store.db");
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1);")
        .unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    let error = open_or_create(store.path(), EngineOptions::default()).unwrap_err();
    assert!(
        matches!(error, StoreError::ForeignDatabase { .. }),
        "{error:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn many_can_create_one_store_at_once() {
    let store = Store::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| store.fixture());
        }
    });
    let drafts = files_in(store.path()).into_iter();
    let drafts: Vec<_> = drafts
        .filter(|path| path.extension().is_some_and(|end| end == "new"))
        .collect();
    assert!(drafts.is_empty(), "{drafts:?}");
}

#[tokio::test]
async fn foreign_ids_are_refused_with_a_reason() {
    let store = Store::new();
    let fixture = store.fixture();
    let looked_up = fixture
        .registry
        .artifact(&ArtifactId("bm9wZQ==".to_owned()).into())
        .await;
    let error = looked_up.unwrap_err();
    assert!(matches!(error, RegistryError::Rejected { .. }), "{error:?}");
    assert!(error.to_string().contains("bm9wZQ=="), "{error}");
}

#[tokio::test]
async fn time_comes_from_the_given_clock() {
    let store = Store::new();
    let midnight = Timestamp::from_unix_millis(86_400_000);
    let options = EngineOptions::default().clock(move || midnight);
    let engine = open_or_create(store.path(), options).unwrap();
    let engine = Arc::new(engine);
    let project = store.fixture().project;
    let fixture = Fixture::new(engine.clone(), engine, project, ());
    let record = fixture.draft("data").log().await;
    assert_eq!((record.created_at, record.updated_at), (midnight, midnight));
}

#[cfg(unix)]
#[test]
fn a_store_is_nobody_elses_unless_its_folder_was_there() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("deep/own");
    open_or_create(&own, EngineOptions::default()).unwrap();
    assert_eq!(mode(&own), 0o700);
    assert_eq!(mode(&folder.path().join("deep")) & 0o500, 0o500);

    // Made before, to be shared: its rights are its maker's, and the database is still not everybody's to read.
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o775)).unwrap();
    let engine = open_or_create(&shared, EngineOptions::default()).unwrap();
    let service = engine.service(artifact_store::service::Caller::Operator);
    service.signing_secret().unwrap();
    assert_eq!(mode(&shared), 0o775);
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        assert_eq!(mode(&shared.join(name)) & 0o007, 0, "{name}");
    }
}
