//! Runs, as a server is asked about them.

use std::sync::Arc;

use artifact_core::ports::{ArtifactRegistry as _, RegistryError, RunMessage};
use artifact_core::records::{LineCounts, RunChanges, RunConfig, RunState, RunStorageId};
use artifact_store::StoreError;
use registry_conformance::Fixture;
use serde_json::{Map, json};

use crate::world::{START, World, all, ended, entity, named, object, project, run};

#[test]
fn a_run_is_made_and_changed() {
    let world = World::new();
    let service = world.account("ann");
    let changes = RunChanges {
        display_name: Some("first".to_owned()),
        description: Some("a description".to_owned()),
        notes: Some("notes".to_owned()),
        tags: Some(vec!["b".to_owned(), "a".to_owned()]),
        group: Some("group".to_owned()),
        job_type: Some("train".to_owned()),
        commit: Some("abc".to_owned()),
        repo: Some("repo".to_owned()),
        program: Some("train.py".to_owned()),
        host: Some("host".to_owned()),
        sweep: Some("sweep".to_owned()),
        config: Some(object(json!({"lr": {"value": 0.1}})).into()),
        summary: Some(object(json!({"loss": 1}))),
        state: None,
    };
    let address = run("team/vision/r1");
    let (made, is_new) = service.upsert_run(&address, &changes).unwrap();
    assert!(is_new);
    assert_eq!(made.address, address);
    assert_eq!(made.created_by, Some(entity("ann")));
    assert_eq!(made.created_at.as_unix_millis(), START);
    assert_eq!(made.state, RunState::Running);
    assert_eq!(made.tags, ["b", "a"]);
    assert_eq!(
        service.line_counts(&made.id).unwrap(),
        LineCounts::default()
    );
    assert_eq!(service.run_file_count(&made.id).unwrap(), 0);

    world.wait(10);
    let (same, is_new) = service.upsert_run(&address, &named("second")).unwrap();
    assert!(!is_new);
    assert_eq!(same.heartbeat_at.as_unix_millis(), START + 10_000);
    let mut expected = made.clone();
    expected.display_name = "second".to_owned();
    expected.heartbeat_at = same.heartbeat_at;
    assert_eq!(same, expected, "what was not said has changed");

    let emptied = RunChanges {
        tags: Some(Vec::new()),
        config: Some(RunConfig::default()),
        ..RunChanges::default()
    };
    let emptied = service.update_run(&made.id, &emptied).unwrap();
    assert!(emptied.tags.is_empty() && emptied.config.values().is_empty());
    assert_eq!(
        service.run_with_id(&made.id).unwrap(),
        Some(emptied.clone())
    );
    let found = service.run(&address.project, &address.id).unwrap();
    assert_eq!(found, Some(emptied));
}

#[test]
fn a_run_without_a_name_gets_one() {
    let world = World::new();
    let first = world.run("team/vision/a");
    let second = world.run("team/vision/b");
    assert_eq!(world.run("team/vision/a").display_name, first.display_name);
    assert_eq!(
        world.run("team/other/c").display_name.split('-').nth(2),
        Some("1")
    );
    let parts: Vec<_> = second.display_name.split('-').collect();
    assert_eq!((parts.len(), parts[2]), (3, "2"), "{parts:?}");
    assert!(first.display_name.ends_with("-1"), "{}", first.display_name);
}

#[tokio::test]
async fn a_deleted_run_is_gone_but_not_what_it_logged() {
    let world = World::new();
    let service = world.operator();
    let made = world.run("team/vision/r");
    let engine = Arc::new(world.engine.clone());
    let fixture = Fixture::new(engine.clone(), engine.clone(), project("team/vision"), ());
    let draft = fixture.draft("data").file("a", "a");
    let draft = draft.with(|request| request.run = Some(made.address.id.clone()));
    let record = draft.log().await;
    engine
        .use_artifact(&made.address, &record.id)
        .await
        .unwrap();

    service.delete_run(&made.id, false).unwrap();
    service.delete_run(&made.id, true).unwrap();
    assert_eq!(service.run_with_id(&made.id).unwrap(), None);
    assert_eq!(
        service
            .run(&made.address.project, &made.address.id)
            .unwrap(),
        None
    );
    assert_eq!(
        service.runs(&made.address.project, &all()).unwrap().total,
        0
    );
    assert_eq!(engine.logged_by(&record.id).await.unwrap(), None);
    assert_eq!(engine.used_by(&record.id).await.unwrap(), []);
    assert_eq!(draft.fetch(&record.id, &["a"]).await, [b"a"]);

    let error = service.upsert_run(&made.address, &named("x")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("team/vision/r") && text.contains("deleted"),
        "{text}"
    );
    for refused in [
        service.update_run(&made.id, &named("x")).map(|_| ()),
        service.stream_run(&made.address, &ended(0)).map(|_| ()),
        service.stop_run(&made.id),
    ] {
        match refused.unwrap_err() {
            StoreError::Refused(RegistryError::NoRun { run, .. }) => assert_eq!(run, made.address),
            other => panic!("{other:?}"),
        }
    }
    // The name of the next one counts it.
    assert!(world.run("team/vision/next").display_name.ends_with("-2"));
}

#[tokio::test]
async fn a_run_can_take_its_versions_with_it() {
    let world = World::new();
    let (kept, deleted) = (
        world.run("team/vision/kept"),
        world.run("team/vision/deleted"),
    );
    let engine = Arc::new(world.engine.clone());
    let fixture = Fixture::new(engine.clone(), engine.clone(), project("team/vision"), ());
    let mut records = Vec::new();
    for (run, content) in [(&kept, "kept"), (&deleted, "deleted")] {
        let draft = fixture.draft("data").file("a", content);
        let id = run.address.id.clone();
        records.push(draft.with(|request| request.run = Some(id)).log().await);
    }
    world.operator().delete_run(&deleted.id, true).unwrap();
    assert!(engine.artifact(&records[0].id.clone().into()).await.is_ok());
    let gone = engine.artifact(&records[1].id.clone().into()).await;
    assert!(
        matches!(gone, Err(RegistryError::NoArtifact { .. })),
        "{gone:?}"
    );
}

#[test]
fn ids_of_somebody_else_are_no_runs() {
    let world = World::new();
    let service = world.operator();
    for id in ["", "nonsense", "UnVuOjE=", "UnVuOnYxOnI6cDpl"] {
        let id = RunStorageId(id.to_owned());
        assert_eq!(service.run_with_id(&id).unwrap(), None, "{id:?}");
        let error = service.update_run(&id, &named("x")).unwrap_err();
        assert!(error.to_string().contains(&id.0), "{error}");
        assert!(service.delete_run(&id, false).is_err(), "{id:?}");
    }
}

#[tokio::test]
async fn the_library_and_the_server_see_the_same_run() {
    let world = World::new();
    let service = world.operator();
    let config = object(json!({"lr": 0.1, "nested": {"value": 1}, "none": null}));
    let address = run("team/vision/r");
    let changes = RunChanges {
        display_name: Some("from the library".to_owned()),
        tags: Some(vec!["tag".to_owned()]),
        config: Some(RunConfig::started(config.clone(), Map::new())),
        host: Some("machine".to_owned()),
        ..RunChanges::default()
    };
    let created = world.engine.upsert_run(&address, changes).await.unwrap();
    assert_eq!(created.config.values(), config);
    assert_eq!(created.host.as_deref(), Some("machine"));
    let seen = service.run(&address.project, &address.id).unwrap().unwrap();
    assert_eq!(seen, created);
    assert_eq!(seen.display_name, "from the library");
    assert_eq!(seen.tags, ["tag"]);
    let wrapped = json!({
        "lr": {"value": 0.1},
        "nested": {"value": {"value": 1}},
        "none": {"value": null},
        "_wandb": {"value": {"t": {}}},
    });
    assert_eq!(seen.config, RunConfig::from(object(wrapped)));

    service
        .update_run(&seen.id, &named("from the server"))
        .unwrap();
    let updated = world.engine.upsert_run(&address, RunChanges::default());
    assert_eq!(updated.await.unwrap().display_name, "from the server");
    let end = RunMessage {
        exit_code: Some(0),
        ..RunMessage::default()
    };
    world.engine.stream_run(&address, end).await.unwrap();
    assert_eq!(
        service.run_with_id(&seen.id).unwrap().unwrap().state,
        RunState::Finished
    );
}
