//! Stores of earlier programs.

use std::sync::Arc;

use artifact_core::VersionSelector;
use artifact_core::ports::{ArtifactRegistry as _, PageRequest};
use artifact_core::records::{CollectionKind, RunChanges, RunState};
use artifact_store::EngineOptions;
use artifact_store::service::Caller;
use registry_conformance::Fixture;
use rusqlite::Connection;
use serde_json::json;

use crate::store::{Store, open};
use crate::world::{World, all, entity, project, run};

/// The schema of the first release, whose store has a project with two runs and a version that one logged and the other uses.
const FIRST_SCHEMA: &str = include_str!("../../../metadata-sql/migrations/0001_init.sql");
const FIRST_ROWS: &str = r#"
INSERT INTO entity VALUES (1, 'team', 1000);
INSERT INTO project VALUES (1, 1, 'vision', 2000);
INSERT INTO run VALUES
    (1, 1, 'done', NULL, 'train', NULL, 'a note', '["t"]',
     '{"lr":0.5,"name":"a","flag":true,"none":null,"list":[1,2],"deep":{"x":{"y":1}}}', 3, 3000, 4000),
    (2, 1, 'open', 'a name', NULL, NULL, NULL, '[]', '{}', NULL, 5000, NULL);
INSERT INTO artifact_type VALUES (1, 1, 'dataset');
INSERT INTO collection VALUES (1, 1, 'data', 1, NULL, 1, 3000, 3000);
INSERT INTO version VALUES (1, 1, 0, 'COMMITTED', zeroblob(16), 'MD5', NULL, '{}', -2, 0, 0, 1, '[]', 3000, 3000);
INSERT INTO alias VALUES (1, 'latest', 1);
INSERT INTO usage VALUES (1, 1, 2, 6000);
"#;

fn first_store() -> Store {
    let store = Store::new();
    let database = Connection::open(store.path().join("store.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.execute_batch(FIRST_SCHEMA).unwrap();
    database.execute_batch(FIRST_ROWS).unwrap();
    database
        .pragma_update(None, "application_id", 0x7761_6273)
        .unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    store
}

#[tokio::test]
async fn a_store_of_the_first_schema_works_on() {
    let store = first_store();
    let engine = Arc::new(open(store.path(), EngineOptions::default()).unwrap());
    let service = engine.service(Caller::Operator);
    let vision = project("team/vision");

    let made = service.project(&vision).unwrap().unwrap();
    let times = (
        made.created_at.as_unix_millis(),
        made.updated_at.as_unix_millis(),
    );
    assert_eq!(times, (2000, 2000));
    let runs = service.runs(&vision, &all()).unwrap();
    let [done, open] = [&runs.items[0].item, &runs.items[1].item];
    assert_eq!((done.state, done.exit_code), (RunState::Failed, Some(3)));
    assert_eq!(done.heartbeat_at.as_unix_millis(), 4000);
    assert_eq!(
        (done.display_name.as_str(), open.display_name.as_str()),
        ("done", "a name")
    );
    assert_eq!(open.state, RunState::Crashed, "it was never heard of again");
    let wrapped = json!({
        "lr": {"value": 0.5}, "name": {"value": "a"}, "flag": {"value": true}, "none": {"value": null},
        "list": {"value": [1, 2]}, "deep": {"value": {"x": {"y": 1}}},
    });
    assert_eq!(json!(done.config), wrapped);

    let name = "data".parse().unwrap();
    let versions = engine
        .versions(&vision, &name, PageRequest::first(9))
        .await
        .unwrap();
    let version = &versions.items[0];
    let logged_by = engine.logged_by(&version.id).await.unwrap().unwrap();
    assert_eq!(logged_by.address, done.address);
    assert_eq!(logged_by.config.values()["lr"], json!(0.5));
    assert_eq!(logged_by.exit_code, Some(3));
    let used_by = engine.used_by(&version.id).await.unwrap();
    assert_eq!(used_by[0].address, open.address);
    let outputs = service.logged_by_run(&done.id, &all()).unwrap();
    assert_eq!(outputs.items[0].item.id, version.id);
    let latest = VersionSelector::latest();
    let member = service
        .membership(&vision, &name, &latest)
        .unwrap()
        .unwrap();
    assert_eq!(member.index.get(), 0);
    assert_eq!(member.collection.kind, CollectionKind::Sequence);
    let types = service.artifact_types(&vision, &all()).unwrap();
    assert_eq!(types.items[0].item.created_at.as_unix_millis(), 3000);

    // It can be written to, and rows still have to refer to rows.
    let fixture = Fixture::new(engine.clone(), engine.clone(), vision, ());
    let next = fixture.draft("data").file("a", "a").log().await;
    assert_eq!(next.version.get(), 1);
    let changes = RunChanges::default();
    let (new, is_new) = service
        .upsert_run(&run("team/vision/new"), &changes)
        .unwrap();
    assert!(
        is_new && new.id.0 == "UnVuOjM=" && new.display_name.ends_with("-3"),
        "{new:?}"
    );
    assert!(service.add_account(&entity("ann"), &"k".repeat(40)).is_ok());
    let database = Connection::open(store.path().join("store.db")).unwrap();
    let stray: i64 = database
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(stray, 0);
}

#[test]
fn a_deleted_number_is_not_given_again() {
    let store = first_store();
    drop(open(store.path(), EngineOptions::default()).unwrap());
    let database = Connection::open(store.path().join("store.db")).unwrap();
    database.pragma_update(None, "foreign_keys", false).unwrap();
    database.execute_batch("DELETE FROM run").unwrap();
    drop(database);
    let engine = open(store.path(), EngineOptions::default()).unwrap();
    let service = engine.service(Caller::Operator);
    let (made, _) = service
        .upsert_run(&run("team/vision/r"), &RunChanges::default())
        .unwrap();
    assert_eq!(made.id.0, "UnVuOjM=");
}

#[tokio::test]
async fn ids_of_one_store_mean_nothing_in_another() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let world = World::new();
        let run = world.run("team/vision/r");
        let engine = Arc::new(world.engine.clone());
        let fixture = Fixture::new(engine.clone(), engine, project("team/vision"), ());
        let record = fixture.draft("data").file("a", "a").log().await;
        ids.push((run.id, record.id));
    }
    assert_ne!(ids[0].0, ids[1].0);
    assert_ne!(ids[0].1, ids[1].1);
}
