//! Runs and projects, as a server is asked about them.

use std::sync::Arc;

use artifact_core::ports::{ArtifactRegistry as _, RegistryError, RunOutcome, RunSpec};
use artifact_store::StoreError;
use artifact_store::service::{
    ListQuery, ProjectChanges, RunChanges, RunState, RunStorageId, StreamUpdate,
};
use registry_conformance::Fixture;
use serde_json::{Map, Value, json};

use crate::world::{START, World, all, entity, project, run};

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn named(name: &str) -> RunChanges {
    RunChanges {
        display_name: Some(name.to_owned()),
        ..RunChanges::default()
    }
}

fn in_state(state: &str) -> RunChanges {
    RunChanges {
        state: Some(state.to_owned()),
        ..RunChanges::default()
    }
}

fn ended(exit_code: i32) -> StreamUpdate {
    StreamUpdate {
        exit_code: Some(exit_code),
        ..StreamUpdate::default()
    }
}

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
        config: Some(object(json!({"lr": {"value": 0.1}}))),
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
    assert_eq!((made.line_counts, made.file_count), ([0; 3], 0));

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
        config: Some(Map::new()),
        ..RunChanges::default()
    };
    let emptied = service.update_run(&made.id, &emptied).unwrap();
    assert!(emptied.tags.is_empty() && emptied.config.is_empty());
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

#[test]
fn the_exit_code_is_how_a_run_ends() {
    let world = World::new();
    let service = world.operator();
    let made = world.run("team/vision/r");
    let states = [
        (0, RunState::Finished),
        (1, RunState::Failed),
        (-9, RunState::Failed),
    ];
    for (exit_code, state) in states {
        service
            .stream_run(&made.address, &ended(exit_code))
            .unwrap();
        // Silence means nothing when the end is known.
        world.wait(3600);
        let run = service.run_with_id(&made.id).unwrap().unwrap();
        assert_eq!((run.state, run.exit_code), (state, Some(exit_code)));
        // A late message is no new start, nor is a change by hand.
        service
            .stream_run(&made.address, &StreamUpdate::default())
            .unwrap();
        let run = service.update_run(&made.id, &named("n")).unwrap();
        assert_eq!((run.state, run.exit_code), (state, Some(exit_code)));
        // Whoever starts it again does.
        let again = world.run("team/vision/r");
        assert_eq!((again.state, again.exit_code), (RunState::Running, None));
    }
}

#[test]
fn a_silent_run_has_crashed_until_it_is_heard_of() {
    let world = World::new();
    let service = world.operator();
    let made = world.run("team/vision/r");
    let state = || service.run_with_id(&made.id).unwrap().unwrap().state;
    world.wait(300);
    assert_eq!(state(), RunState::Running);
    world.wait(1);
    assert_eq!(state(), RunState::Crashed);
    let crashed = Some(r#"{"state": "crashed"}"#);
    assert_eq!(
        service.run_count(&made.address.project, crashed).unwrap(),
        1
    );
    service
        .stream_run(&made.address, &StreamUpdate::default())
        .unwrap();
    assert_eq!(state(), RunState::Running);
    assert_eq!(
        service.run_count(&made.address.project, crashed).unwrap(),
        0
    );
}

#[test]
fn a_state_can_be_said() {
    let world = World::new();
    let service = world.operator();
    let address = run("team/vision/r");
    let (made, _) = service.upsert_run(&address, &in_state("pending")).unwrap();
    assert_eq!(made.state, RunState::Pending);
    world.wait(3600);
    assert_eq!(
        service.run_with_id(&made.id).unwrap().unwrap().state,
        RunState::Pending
    );
    service
        .stream_run(&address, &StreamUpdate::default())
        .unwrap();
    assert_eq!(
        service.run_with_id(&made.id).unwrap().unwrap().state,
        RunState::Running
    );
    let preempting = StreamUpdate {
        preempting: true,
        ..StreamUpdate::default()
    };
    service.stream_run(&address, &preempting).unwrap();
    assert_eq!(
        service.run_with_id(&made.id).unwrap().unwrap().state,
        RunState::Preempting
    );
    for state in ["finished", "failed", "crashed", "running"] {
        let changed = service.update_run(&made.id, &in_state(state)).unwrap();
        assert_eq!(changed.state.as_str(), state);
    }
    let error = service
        .update_run(&made.id, &in_state("asleep"))
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("asleep") && text.contains("preempting"),
        "{text}"
    );
}

#[test]
fn a_run_learns_that_it_is_to_stop() {
    let world = World::new();
    let service = world.operator();
    let made = world.run("team/vision/r");
    let says = |update: &StreamUpdate| service.stream_run(&made.address, update).unwrap();
    assert!(!says(&StreamUpdate::default()));
    service.stop_run(&made.id).unwrap();
    assert!(says(&StreamUpdate::default()));
    assert!(says(&ended(1)));
    // Once it has stopped, it can be started again.
    world.run("team/vision/r");
    assert!(!says(&StreamUpdate::default()));
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
    let spec = RunSpec {
        address: run("team/vision/r"),
        display_name: Some("from the library".to_owned()),
        job_type: None,
        group: None,
        notes: None,
        tags: vec!["tag".to_owned()],
        config,
    };
    let record = world.engine.upsert_run(spec.clone()).await.unwrap();
    assert_eq!(record.spec, spec);
    let seen = service
        .run(&spec.address.project, &spec.address.id)
        .unwrap()
        .unwrap();
    assert_eq!(seen.display_name, "from the library");
    assert_eq!(seen.tags, ["tag"]);
    let wrapped =
        json!({"lr": {"value": 0.1}, "nested": {"value": {"value": 1}}, "none": {"value": null}});
    assert_eq!(seen.config, object(wrapped));

    service
        .update_run(&seen.id, &named("from the server"))
        .unwrap();
    let record = world
        .engine
        .upsert_run(RunSpec {
            display_name: None,
            ..spec.clone()
        })
        .await;
    assert_eq!(
        record.unwrap().spec.display_name.as_deref(),
        Some("from the server")
    );
    let outcome = RunOutcome { exit_code: 0 };
    world
        .engine
        .finish_run(&spec.address, outcome)
        .await
        .unwrap();
    assert_eq!(
        service.run_with_id(&seen.id).unwrap().unwrap().state,
        RunState::Finished
    );
}

#[test]
fn runs_are_listed_filtered_and_counted() {
    let world = World::new();
    let service = world.account("ann");
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        let changes = RunChanges {
            tags: Some(vec![format!("tag-{index}")]),
            job_type: Some("train".to_owned()),
            config: Some(object(json!({"lr": {"value": index}}))),
            summary: Some(object(json!({"loss": 10 - index}))),
            ..RunChanges::default()
        };
        let address = run(&format!("team/vision/{name}"));
        service.upsert_run(&address, &changes).unwrap();
        world.wait(1);
    }
    let vision = project("team/vision");
    let ids = |filter: &str, order: Option<&str>| -> Vec<String> {
        let query = ListQuery {
            filter: Some(filter.to_owned()),
            order: order.map(str::to_owned),
            ..ListQuery::default()
        };
        let slice = service.runs(&vision, &query).unwrap();
        assert_eq!(
            service.run_count(&vision, Some(filter)).unwrap(),
            slice.total
        );
        let items = slice.items.into_iter();
        items
            .map(|listed| listed.item.address.id.to_string())
            .collect()
    };
    assert_eq!(ids("{}", None), ["a", "b", "c"]);
    assert_eq!(ids("{}", Some("-created_at")), ["c", "b", "a"]);
    assert_eq!(ids("{}", Some("+summary_metrics.loss")), ["c", "b", "a"]);
    assert_eq!(ids("{}", Some("-config.lr.value")), ["c", "b", "a"]);
    assert_eq!(ids("{}", Some("jobType,-name")), ["c", "b", "a"]);
    assert_eq!(ids(r#"{"config.lr.value": {"$gte": 1}}"#, None), ["b", "c"]);
    assert_eq!(ids(r#"{"config.lr": 2}"#, None), ["c"]);
    assert_eq!(
        ids(r#"{"summary_metrics.loss": {"$lt": 10}}"#, None),
        ["b", "c"]
    );
    assert_eq!(
        ids(r#"{"tags": {"$in": ["tag-0", "tag-2"]}}"#, None),
        ["a", "c"]
    );
    assert_eq!(
        ids(
            r#"{"$and": [{"username": "ann"}, {"state": "running"}]}"#,
            None
        )
        .len(),
        3
    );
    assert_eq!(
        ids(
            r#"{"createdAt": {"$gt": "2024-05-01T00:00:00.500Z"}}"#,
            None
        ),
        ["b", "c"]
    );
    assert_eq!(ids(r#"{"display_name": {"$regex": "-2$"}}"#, None), ["b"]);
    assert_eq!(
        service.runs(&project("team/none"), &all()).unwrap().total,
        0
    );
    assert!(service.run_count(&vision, Some("{")).is_err());
}

#[test]
fn projects_are_made_described_and_listed() {
    let world = World::new();
    let service = world.operator();
    let changes = ProjectChanges {
        description: Some("pictures".to_owned()),
    };
    let (made, is_new) = service
        .upsert_project(&project("team/vision"), &changes)
        .unwrap();
    assert!(is_new);
    assert_eq!(made.description.as_deref(), Some("pictures"));
    world.wait(5);
    world.run("team/speech/r");
    let unchanged = service.upsert_project(&project("team/vision"), &ProjectChanges::default());
    assert_eq!(unchanged.unwrap(), (made.clone(), false));
    assert_eq!(
        service.project(&project("team/vision")).unwrap(),
        Some(made.clone())
    );
    assert_eq!(service.project(&project("team/none")).unwrap(), None);

    let listed = service.projects(&entity("team"), &all()).unwrap();
    let names = listed.items.iter().map(|l| l.item.address.project.as_str());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["speech", "vision"],
        "the newest first"
    );
    let numbers = listed.items.iter().map(|listed| listed.item.number);
    assert_eq!(numbers.collect::<std::collections::HashSet<_>>().len(), 2);
}

#[test]
fn a_project_moves_with_its_runs() {
    let world = World::new();
    let service = world.operator();
    let made = world.run("team/vision/r");
    let mut last = START;
    let mut moved = || {
        let project = service.project(&made.address.project).unwrap().unwrap();
        assert_eq!(project.created_at.as_unix_millis(), START);
        let before = std::mem::replace(&mut last, project.updated_at.as_unix_millis());
        world.wait(1);
        before < last
    };
    assert!(!moved());
    service
        .stream_run(&made.address, &StreamUpdate::default())
        .unwrap();
    assert!(moved(), "a message");
    service.update_run(&made.id, &named("n")).unwrap();
    assert!(moved(), "a change");
    service.stop_run(&made.id).unwrap();
    assert!(moved(), "a wish");
    service.delete_run(&made.id, false).unwrap();
    assert!(moved(), "its end");
}
