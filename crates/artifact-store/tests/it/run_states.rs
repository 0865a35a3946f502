//! The states of runs, and their ends.

use artifact_core::records::{RunChanges, RunState};
use artifact_store::service::StreamUpdate;

use crate::world::{World, ended, named, run};

fn in_state(state: RunState) -> RunChanges {
    RunChanges {
        state: Some(state),
        ..RunChanges::default()
    }
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
    let (made, _) = service
        .upsert_run(&address, &in_state(RunState::Pending))
        .unwrap();
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
    for state in [
        RunState::Finished,
        RunState::Failed,
        RunState::Crashed,
        RunState::Running,
    ] {
        let changed = service.update_run(&made.id, &in_state(state)).unwrap();
        assert_eq!(changed.state, state);
    }
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
