//! `wandb-rs artifact refs check`: compares the references of a version with their stores.

use std::error::Error as _;
use std::fmt::Write as _;

use serde::Serialize;
use wandb_rs::{CheckedReference, ReferenceReport, ReferenceState};

use super::args::CheckArgs;
use crate::{Exit, Failure, Printer, text};
use wandb_rs::Client;

/// The output of `refs check --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean this version.
    address: String,
    /// The number of unchanged references.
    ok: u64,
    changed: u64,
    missing: u64,
    /// The number of references of unknown schemes.
    unknown_scheme: u64,
    /// The number of references without a digest to compare.
    not_checkable: u64,
    /// The number of references whose store refused or failed.
    failed: u64,
    references: Vec<Line>,
}

/// The result for one reference.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    path: String,
    /// Without secrets.
    uri: String,
    /// `ok`, `changed`, `missing`, `unknownScheme`, `notCheckable` or `failed`.
    state: &'static str,
    /// The digests that were recorded and found, where it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    /// Why it cannot be checked, or what failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Line {
    pub(crate) fn of(reference: &CheckedReference) -> Self {
        let mut line = Self {
            path: reference.path.to_string(),
            uri: reference.uri.to_string(),
            state: state(reference),
            recorded: None,
            found: None,
            reason: None,
        };
        match &reference.state {
            ReferenceState::Changed { recorded, found } => {
                line.recorded = Some(recorded.clone());
                line.found = Some(found.clone());
            }
            ReferenceState::NotCheckable { reason } => line.reason = Some(reason.clone()),
            ReferenceState::Failed { source } => {
                let mut text = source.to_string();
                let mut cause = source.source();
                while let Some(error) = cause {
                    _ = write!(text, ": {error}");
                    cause = error.source();
                }
                line.reason = Some(text);
            }
            _ => {}
        }
        line
    }

    /// Returns details beside the state.
    fn remark(&self) -> String {
        match (&self.recorded, &self.found, &self.reason) {
            (Some(recorded), Some(found), _) => format!("recorded as {recorded}, now {found}"),
            (_, _, Some(reason)) => reason.clone(),
            _ => String::new(),
        }
    }
}

pub(super) async fn run(
    args: CheckArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    let report = artifact
        .check_references(args.allow_local_references)
        .await?;
    let count = |wanted: &str| {
        let references = report.references.iter();
        references.filter(|one| state(one) == wanted).count() as u64
    };
    let answer = Answer {
        address: artifact.to_string(),
        ok: count("ok"),
        changed: count("changed"),
        missing: count("missing"),
        unknown_scheme: count("unknownScheme"),
        not_checkable: count("notCheckable"),
        failed: count("failed"),
        references: report.references.iter().map(Line::of).collect(),
    };
    printer.answer(&answer, || people(&answer));
    Ok(exit(&report))
}

/// Missing references count most; unchecked ones are no success either.
fn exit(report: &ReferenceReport) -> Exit {
    if report.has_drift() {
        Exit::Differs
    } else if report.has_failures() {
        Exit::Failed
    } else {
        Exit::Done
    }
}

fn state(reference: &CheckedReference) -> &'static str {
    match &reference.state {
        ReferenceState::Ok => "ok",
        ReferenceState::Changed { .. } => "changed",
        ReferenceState::Missing => "missing",
        ReferenceState::UnknownScheme => "unknownScheme",
        ReferenceState::NotCheckable { .. } => "notCheckable",
        _ => "failed",
    }
}

/// Returns a state in words.
fn words(state: &str) -> &str {
    match state {
        "unknownScheme" => "unknown scheme",
        "notCheckable" => "not checkable",
        state => state,
    }
}

fn people(answer: &Answer) -> String {
    let rows: Vec<_> = answer
        .references
        .iter()
        .map(|line| {
            [
                words(line.state).to_owned(),
                line.path.clone(),
                line.uri.clone(),
                line.remark(),
            ]
        })
        .collect();
    let counts = [
        ("changed", answer.changed),
        ("missing", answer.missing),
        ("unknown scheme", answer.unknown_scheme),
        ("not checkable", answer.not_checkable),
        ("failed", answer.failed),
    ];
    let mut out = text::table(&rows);
    _ = write!(out, "{}: {} ok", answer.address, answer.ok);
    for (what, count) in counts {
        _ = write!(out, ", {count} {what}");
    }
    out.push('\n');
    out
}
