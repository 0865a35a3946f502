//! Rules on the streams, the progress and the files of runs.

use artifact_core::LogicalPath;
use artifact_core::ports::{RegistryError, RunMessage, StreamLines, UploadBody};
use serde_json::json;

use crate::Fixture;

fn lines(offset: u64, lines: &[&str]) -> StreamLines {
    StreamLines {
        offset,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    }
}

/// `run_progress` counts what `stream_run` took, and knows the last step and the summary.
pub async fn what_a_run_says_is_counted(fixture: Fixture) {
    let run = fixture.run("run1").await;
    let message = RunMessage {
        history: lines(0, &[r#"{"_step":0,"loss":1}"#, r#"{"_step":7,"loss":0.5}"#]),
        events: lines(0, &[r#"{"system.cpu":3}"#]),
        console: lines(0, &["one", "two", "three"]),
        summary: Some(r#"{"loss":0.5}"#.to_owned()),
        ..RunMessage::default()
    };
    let reply = fixture.registry.stream_run(&run, message).await.unwrap();
    assert!(!reply.is_stop_wanted);
    let progress = fixture.registry.run_progress(&run).await.unwrap().unwrap();
    let counts = progress.line_counts;
    assert_eq!((counts.history, counts.events, counts.console), (2, 1, 3));
    assert_eq!(progress.last_step, Some(7));
    assert_eq!(progress.run.summary["loss"], json!(0.5));
    assert_eq!(progress.run.address, run);
    assert_eq!(progress.run.exit_code, None);
}

/// Lines are written where their offset says: what is sent again changes nothing, and what comes later goes on.
pub async fn message_sent_again_is_harmless(fixture: Fixture) {
    let run = fixture.run("run1").await;
    let message = RunMessage {
        history: lines(0, &[r#"{"_step":0}"#, r#"{"_step":1}"#]),
        ..RunMessage::default()
    };
    let later = RunMessage {
        history: lines(1, &[r#"{"_step":1}"#, r#"{"_step":2}"#]),
        ..RunMessage::default()
    };
    for message in [message.clone(), message, later] {
        fixture.registry.stream_run(&run, message).await.unwrap();
    }
    let progress = fixture.registry.run_progress(&run).await.unwrap().unwrap();
    assert_eq!(progress.line_counts.history, 3);
    assert_eq!(progress.last_step, Some(2));
}

/// Numbers that JSON does not have cost neither a line nor the summary.
pub async fn numbers_without_a_value_are_taken(fixture: Fixture) {
    let run = fixture.run("run1").await;
    let message = RunMessage {
        history: lines(0, &[r#"{"_step":4,"loss":NaN,"most":-Infinity}"#]),
        summary: Some(r#"{"loss":NaN,"most":-Infinity,"other":1}"#.to_owned()),
        ..RunMessage::default()
    };
    fixture.registry.stream_run(&run, message).await.unwrap();
    let progress = fixture.registry.run_progress(&run).await.unwrap().unwrap();
    assert_eq!(progress.line_counts.history, 1);
    assert_eq!(progress.last_step, Some(4));
    assert_eq!(progress.run.summary["other"], json!(1));
}

/// A run ends by what it says last; what comes late does not make it run again, but `upsert_run` does.
pub async fn run_ends_and_may_begin_again(fixture: Fixture) {
    let run = fixture.run("run1").await;
    let exit_code = async || {
        let progress = fixture.registry.run_progress(&run).await.unwrap();
        progress.unwrap().run.exit_code
    };
    let end = RunMessage {
        exit_code: Some(0),
        ..RunMessage::default()
    };
    fixture.registry.stream_run(&run, end).await.unwrap();
    assert_eq!(exit_code().await, Some(0));
    let late = RunMessage::default();
    fixture.registry.stream_run(&run, late).await.unwrap();
    assert_eq!(exit_code().await, Some(0));
    fixture.run("run1").await;
    assert_eq!(exit_code().await, None);
}

/// Of a run that there is not, nothing is known, and nothing is taken.
pub async fn missing_run_says_nothing(fixture: Fixture) {
    let mut unknown = fixture.run("run1").await;
    unknown.id = "other".parse().unwrap();
    let progress = fixture.registry.run_progress(&unknown).await.unwrap();
    assert_eq!(progress, None);
    let message = RunMessage::default();
    let refused = fixture.registry.stream_run(&unknown, message).await;
    assert!(matches!(refused, Err(RegistryError::NoRun { .. })));
    let names = vec!["a".parse().unwrap()];
    let refused = fixture.registry.request_run_uploads(&unknown, names).await;
    assert!(matches!(refused, Err(RegistryError::NoRun { .. })));
    unknown.project.project = "elsewhere".parse().unwrap();
    let progress = fixture.registry.run_progress(&unknown).await.unwrap();
    assert_eq!(progress, None);
}

/// Files of a run go where the registry says, in the order of the request, and may be sent again.
pub async fn files_of_a_run_are_taken(fixture: Fixture) {
    let run = fixture.run("run1").await;
    let names: Vec<LogicalPath> = ["logs/b.txt", "a.txt"]
        .map(|name| name.parse().unwrap())
        .into();
    for content in ["first", "second, and longer"] {
        let tickets = fixture
            .registry
            .request_run_uploads(&run, names.clone())
            .await
            .unwrap();
        assert_eq!(tickets.len(), names.len());
        for ticket in tickets {
            let body = UploadBody::Bytes(content.as_bytes());
            fixture
                .transfer
                .upload(&ticket.unwrap(), body, &|_| ())
                .await
                .unwrap();
        }
        let announced = RunMessage {
            uploaded: names.clone(),
            ..RunMessage::default()
        };
        fixture.registry.stream_run(&run, announced).await.unwrap();
    }
}
