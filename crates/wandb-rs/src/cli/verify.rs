//! `wandb-rs artifact verify`: reads a version byte by byte.

use artifact_core::LogicalPath;
use serde::Serialize;

use super::args::VerifyArgs;
use super::{Exit, Failure, Printer};
use crate::Client;

/// What `verify --json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean this version.
    address: String,
    /// What was verified: a folder, or the store's own copy.
    verified: String,
    /// How many entries are right.
    ok: u64,
    missing: Vec<String>,
    changed: Vec<String>,
    extra: Vec<String>,
    /// Entries whose content the store does not keep, and that were not looked at.
    references: u64,
}

pub(super) async fn run(
    args: VerifyArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    let (verified, report) = match args.root {
        Some(root) if !root.is_dir() => {
            return Err(Failure::new(
                format!("{} is not a folder", root.display()),
                format!(
                    "bring the version there with `wandb-rs artifact get {artifact} --root {}`",
                    root.display()
                ),
            ));
        }
        Some(root) => (root.display().to_string(), artifact.verify(&root).await?),
        None => (client.location(), artifact.verify_stored().await?),
    };
    let answer = Answer {
        address: artifact.to_string(),
        verified,
        ok: report.ok,
        missing: texts(&report.missing),
        changed: texts(&report.changed),
        extra: texts(&report.extra),
        references: report.references,
    };
    printer.answer(&answer, || people(&answer));
    Ok(if report.is_ok() {
        Exit::Done
    } else {
        Exit::Differs
    })
}

fn texts(paths: &[LogicalPath]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

fn people(answer: &Answer) -> String {
    let lines = [
        ("missing", &answer.missing),
        ("changed", &answer.changed),
        ("extra", &answer.extra),
    ];
    let text: String = lines
        .iter()
        .flat_map(|(what, paths)| paths.iter().map(move |path| format!("{what:<8} {path}\n")))
        .collect();
    let counts = lines
        .map(|(what, paths)| format!("{} {what}", paths.len()))
        .join(", ");
    let references = match answer.references {
        0 => String::new(),
        count => format!(", {count} references not looked at"),
    };
    let summary = format!(
        "{} in {}: {} ok",
        answer.address, answer.verified, answer.ok
    );
    text + &summary
        + ", "
        + &counts
        + &references
        + "
"
}
