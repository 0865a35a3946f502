//! `wandb-rs artifact verify`: reads a version byte by byte.

use serde::Serialize;
use wandb_rs::LogicalPath;

use super::args::VerifyArgs;
use super::refs::check::Line;
use super::{Exit, Failure, Printer};
use wandb_rs::{Client, ReferenceReport, ReferenceState, VerifyReport};

/// The output of `verify --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean this version.
    address: String,
    /// The verified folder, or the store's own copy.
    verified: String,
    /// The number of verified entries.
    ok: u64,
    missing: Vec<String>,
    changed: Vec<String>,
    extra: Vec<String>,
    /// Entries whose content the store does not keep.
    references: u64,
    /// Those of them that cannot be compared, or whose store did not answer; in a folder none is looked for.
    unchecked_references: Vec<Line>,
}

pub(super) async fn run(
    args: VerifyArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    let mut unchecked = Vec::new();
    let mut exit = Exit::Done;
    let (verified, report) = match args.root {
        Some(root) if !root.is_dir() => {
            return Err(Failure::new(
                format!("{} is not a folder", root.display()),
                format!(
                    "download the version there with `wandb-rs artifact get {artifact} --root {}`",
                    root.display()
                ),
            ));
        }
        Some(root) => (root.display().to_string(), artifact.verify(&root).await?),
        None => {
            let mut report = artifact.verify_stored().await?;
            if 0 < report.references {
                let allow_local = args.allow_local_references;
                let references = artifact.check_references(allow_local).await?;
                if references.has_failures() {
                    exit = Exit::Failed;
                }
                add(references, &mut report, &mut unchecked);
            }
            (client.location(), report)
        }
    };
    let answer = Answer {
        address: artifact.to_string(),
        verified,
        ok: report.ok,
        missing: texts(&report.missing),
        changed: texts(&report.changed),
        extra: texts(&report.extra),
        references: report.references,
        unchecked_references: unchecked,
    };
    printer.answer(&answer, || people(&answer));
    Ok(if report.is_ok() { exit } else { Exit::Differs })
}

/// Counts what became of references with the rest.
fn add(references: ReferenceReport, report: &mut VerifyReport, unchecked: &mut Vec<Line>) {
    for reference in references.references {
        match reference.state {
            ReferenceState::Ok => report.ok += 1,
            ReferenceState::Missing => report.missing.push(reference.path),
            ReferenceState::Changed { .. } => report.changed.push(reference.path),
            _ => unchecked.push(Line::of(&reference)),
        }
    }
    report.missing.sort_unstable();
    report.changed.sort_unstable();
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
        count => format!(
            ", {count} references among them, {} not checked",
            answer.unchecked_references.len()
        ),
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
