//! The lines of runs.

use artifact_core::ports::RegistryError;
use artifact_core::records::{LineBatch, LineCounts, Run, RunLine, RunStream};
use artifact_store::StoreError;
use artifact_store::service::StreamUpdate;
use serde_json::json;

use crate::world::{World, run};

fn say(world: &World, run: &Run, stream: RunStream, offset: u64, lines: &[&str]) {
    let batch = LineBatch {
        stream,
        offset,
        lines: lines.iter().map(|&line| line.to_owned()).collect(),
    };
    let update = StreamUpdate {
        lines: vec![batch],
        ..StreamUpdate::default()
    };
    world.operator().stream_run(&run.address, &update).unwrap();
}

fn texts(lines: Vec<RunLine>) -> Vec<(u64, String)> {
    lines
        .into_iter()
        .map(|line| (line.number, line.text))
        .collect()
}

fn numbered(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines
        .iter()
        .map(|(n, text)| (*n, (*text).to_owned()))
        .collect()
}

#[test]
fn lines_are_written_by_number() {
    let world = World::new();
    let run = world.run("team/vision/r");
    let console = RunStream::Console;
    say(&world, &run, console, 0, &["a", "b", "c"]);
    // The same message again, and one that goes back.
    say(&world, &run, console, 0, &["a", "b", "c"]);
    say(&world, &run, console, 1, &["B", "C", "d"]);
    say(&world, &run, RunStream::History, 0, &["{}"]);
    let service = world.operator();
    let all = service.lines(&run.id, console, 0, 100).unwrap();
    assert_eq!(
        texts(all),
        numbered(&[(0, "a"), (1, "B"), (2, "C"), (3, "d")])
    );
    let some = service.lines(&run.id, console, 1, 2).unwrap();
    assert_eq!(texts(some), numbered(&[(1, "B"), (2, "C")]));
    let last = service.last_lines(&run.id, console, 2).unwrap();
    assert_eq!(texts(last), numbered(&[(2, "C"), (3, "d")]));
    let counts = service.line_counts(&run.id).unwrap();
    assert_eq!((counts.history, counts.events, counts.console), (1, 0, 4));
}

#[test]
fn lines_of_the_history_are_found_by_step() {
    let world = World::new();
    let run = world.run("team/vision/r");
    let history = RunStream::History;
    let lines = [
        r#"{"_step":0}"#,
        r#"{"_step":5}"#,
        r#"{"loss":1}"#,
        "not JSON",
        r#"{"_step":2.5}"#,
        r#"["_step"]"#,
        r#"{"_step":6}"#,
    ];
    say(&world, &run, history, 0, &lines);
    // Elsewhere it means nothing.
    say(&world, &run, RunStream::Events, 0, &[r#"{"_step":5}"#]);
    let service = world.operator();
    let found = |min, max, limit| {
        let lines = service.history_lines(&run.id, min, max, limit).unwrap();
        lines
            .into_iter()
            .map(|line| line.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(0, 3, 10), [0, 2]);
    assert_eq!(found(3, 6, 10), [3, 4, 1, 5]);
    assert_eq!(found(3, i64::MAX, 3), [3, 4, 1]);
    assert_eq!(found(6, 7, 10), [6]);
    say(&world, &run, history, 1, &[r#"{"_step":7}"#]);
    assert_eq!(found(5, 8, 10), [5, 6, 1]);
}

#[test]
fn lines_are_read_by_their_numbers() {
    let world = World::new();
    let run = world.run("team/vision/r");
    let console = RunStream::Console;
    say(&world, &run, console, 0, &["a", "b"]);
    say(&world, &run, console, 5, &["f", "g"]);
    let service = world.operator();
    assert_eq!(
        service.line_numbers(&run.id, console).unwrap(),
        [0, 1, 5, 6]
    );
    let lines = service.lines_at(&run.id, console, &[1, 3, 6]).unwrap();
    assert_eq!(texts(lines), numbered(&[(1, "b"), (6, "g")]));
}

#[test]
fn a_gap_stays_empty_and_counts() {
    let world = World::new();
    let run = world.run("team/vision/r");
    let events = RunStream::Events;
    say(&world, &run, events, 0, &["a"]);
    say(&world, &run, events, 5, &["f"]);
    let service = world.operator();
    let lines = service.lines(&run.id, events, 0, 100).unwrap();
    assert_eq!(texts(lines), numbered(&[(0, "a"), (5, "f")]));
    assert_eq!(service.line_counts(&run.id).unwrap().events, 6);
    say(&world, &run, events, 1, &["b"]);
    let lines = service.lines(&run.id, events, 1, 100).unwrap();
    assert_eq!(texts(lines), numbered(&[(1, "b"), (5, "f")]));
    assert!(
        service
            .lines(&run.id, events, u64::MAX, 1)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_number_past_the_end_writes_nothing() {
    let world = World::new();
    let made = world.run("team/vision/r");
    for (offset, fits) in [
        (2_147_483_646, true),
        (2_147_483_647, false),
        (u64::MAX, false),
    ] {
        let batches = [(0, "first"), (offset, "far")].map(|(offset, line)| LineBatch {
            stream: RunStream::History,
            offset,
            lines: vec![line.to_owned()],
        });
        let update = StreamUpdate {
            lines: batches.to_vec(),
            ..StreamUpdate::default()
        };
        let address = run(&format!("team/vision/{offset}"));
        let other = world.run(&address.to_string());
        let said = world.operator().stream_run(&address, &update);
        assert_eq!(said.is_ok(), fits, "{offset}: {said:?}");
        let counts = world.operator().line_counts(&other.id).unwrap();
        assert_eq!(counts.history, if fits { 2_147_483_647 } else { 0 });
        if let Err(error) = said {
            assert!(error.to_string().contains(&offset.to_string()), "{error}");
        }
    }
    let counts = world.operator().line_counts(&made.id).unwrap();
    assert_eq!(counts, LineCounts::default());
}

#[test]
fn a_summary_is_replaced_in_whole() {
    let world = World::new();
    let service = world.operator();
    let made = world.run("team/vision/r");
    let summary = |text: &str| StreamUpdate {
        summary: Some(text.to_owned()),
        ..StreamUpdate::default()
    };
    service
        .stream_run(&made.address, &summary(r#"{"a": 1, "b": 2}"#))
        .unwrap();
    service
        .stream_run(&made.address, &summary(r#"{"a": 3}"#))
        .unwrap();
    service
        .stream_run(&made.address, &StreamUpdate::default())
        .unwrap();
    let found = service.run_with_id(&made.id).unwrap().unwrap().summary;
    assert_eq!(json!(found), json!({"a": 3}));
    for text in ["", "[]", "{", "NaN"] {
        let error = service
            .stream_run(&made.address, &summary(text))
            .unwrap_err();
        assert!(error.to_string().contains("summary"), "{error}");
    }
}

#[test]
fn a_run_that_is_not_there_says_nothing() {
    let world = World::new();
    let address = run("team/vision/none");
    let said = world
        .operator()
        .stream_run(&address, &StreamUpdate::default());
    match said.unwrap_err() {
        StoreError::Refused(RegistryError::NoRun { run, .. }) => assert_eq!(run, address),
        other => panic!("{other:?}"),
    }
}
