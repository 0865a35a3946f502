//! Rules on lineage: the versions that runs log and use.

use artifact_core::ports::{RegistryError, RunMessage};
use artifact_core::records::{Run, RunChanges, RunConfig, RunState};
use serde_json::Map;

use crate::Fixture;

fn ended(exit_code: i32) -> RunMessage {
    RunMessage {
        exit_code: Some(exit_code),
        ..RunMessage::default()
    }
}

/// `upsert_run` creates a run, and later updates it; absent fields stay.
pub async fn run_is_created_then_updated(fixture: Fixture) {
    let address = fixture.run("run1").await;
    let values = Map::from_iter([("lr".to_owned(), 0.1.into())]);
    let changes = RunChanges {
        display_name: Some("first".to_owned()),
        job_type: Some("train".to_owned()),
        tags: Some(vec!["tag".to_owned()]),
        config: Some(RunConfig::started(values.clone(), Map::new())),
        ..RunChanges::default()
    };
    let created = fixture.registry.upsert_run(&address, changes).await;
    let created = created.unwrap();
    assert_eq!(created.address, address);
    assert_eq!(created.config.values(), values);
    assert_eq!(
        (created.exit_code, created.state),
        (None, RunState::Running)
    );
    let update = RunChanges {
        notes: Some("notes".to_owned()),
        ..RunChanges::default()
    };
    let updated = fixture.registry.upsert_run(&address, update).await.unwrap();
    assert_eq!(updated.notes.as_deref(), Some("notes"));
    let unchanged = Run {
        notes: None,
        heartbeat_at: created.heartbeat_at,
        ..updated
    };
    assert_eq!(unchanged, created);

    fixture
        .registry
        .stream_run(&address, ended(3))
        .await
        .unwrap();
    let draft = fixture.draft("data").file("a", "a");
    let record = draft
        .with(|request| request.run = Some(address.id.clone()))
        .log()
        .await;
    let run = fixture
        .registry
        .logged_by(&record.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(run.state, RunState::Failed);
}

/// A version knows the run that logged it, and those that use it in the order in which they began to.
pub async fn lineage_goes_both_ways(fixture: Fixture) {
    let maker = fixture.run("maker").await;
    let draft = fixture.draft("data").file("a", "a");
    let record = draft
        .with(|request| request.run = Some(maker.id.clone()))
        .log()
        .await;
    let by_hand = fixture.draft("data").file("a", "b").log().await;

    let logged_by = fixture.registry.logged_by(&record.id).await.unwrap();
    assert_eq!(logged_by.unwrap().address, maker);
    assert_eq!(fixture.registry.logged_by(&by_hand.id).await.unwrap(), None);
    assert_eq!(fixture.registry.used_by(&record.id).await.unwrap(), []);

    let users = [
        fixture.run("z").await,
        fixture.run("a").await,
        fixture.run("m").await,
    ];
    for user in users.iter().chain(&users) {
        fixture
            .registry
            .use_artifact(user, &record.id)
            .await
            .unwrap();
    }
    let used_by = fixture.registry.used_by(&record.id).await.unwrap();
    let used_by: Vec<_> = used_by.into_iter().map(|run| run.address).collect();
    assert_eq!(used_by, users);
}

/// A run that was never created can neither log, use nor end.
pub async fn unknown_run_is_refused(fixture: Fixture) {
    let record = fixture.draft("data").file("a", "a").log().await;
    let mut unknown = fixture.run("known").await;
    unknown.id = "unknown".parse().unwrap();
    let used = fixture.registry.use_artifact(&unknown, &record.id).await;
    let finished = fixture.registry.stream_run(&unknown, ended(0)).await;
    let draft = fixture.draft("data").file("a", "b");
    let created = draft
        .with(|request| request.run = Some(unknown.id))
        .create()
        .await;
    for refused in [used, finished.map(|_| ()), created.map(|_| ())] {
        match refused {
            Err(RegistryError::NoRun { run, .. }) => assert_eq!(run.id.as_str(), "unknown"),
            other => panic!("{other:?}"),
        }
    }
}
