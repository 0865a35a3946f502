//! `wandb-rs store fsck`: finds damaged content, and repairs it.

use std::fmt::Write as _;

use serde::Serialize;

use super::FsckArgs;
use crate::{Exit, Failure, Printer, text, transfer};
use wandb_rs::{Client, ContentUse, DamagedBlob, RepairSource, Store};

/// The output of `fsck --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    store: String,
    /// The number of intact contents.
    ok: u64,
    ok_bytes: u64,
    damaged: Vec<Damaged>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Damaged {
    /// The SHA-256 of what it must be.
    sha256: String,
    size: u64,
    /// `missing` or `damaged`.
    state: &'static str,
    /// Its uses: entries of versions, manifests, files of runs.
    used_by: Vec<String>,
    /// The source of the repair: a version or a run elsewhere, or the store itself.
    repaired_from: Option<String>,
}

impl Damaged {
    fn of(blob: &DamagedBlob, repaired_from: Option<RepairSource>) -> Self {
        Self {
            sha256: blob.key.to_string(),
            size: blob.size,
            state: if blob.is_missing {
                "missing"
            } else {
                "damaged"
            },
            used_by: blob.uses.iter().map(told).collect(),
            repaired_from: repaired_from.map(|source| source.to_string()),
        }
    }
}

fn told(used: &ContentUse) -> String {
    match used {
        ContentUse::Entry { version, path } => format!("{version}/{path}"),
        ContentUse::Manifest { version } => format!("the manifest of {version}"),
        ContentUse::RunFile { run, name } => format!("the file {name} of the run {run}"),
        _ => "something else".to_owned(),
    }
}

pub(super) async fn run(args: FsckArgs, store: &Store, printer: &Printer) -> Result<Exit, Failure> {
    // Before hours are spent on reading.
    let source = match &args.repair_from {
        Some(place) => Some(
            Client::builder()
                .settings(transfer::far(place)?)
                .existing()
                .open()?,
        ),
        None => None,
    };
    let found = store.inspect().await?;
    let is_repairing = args.repair || source.is_some();
    let damaged: Vec<Damaged> = if is_repairing {
        let repairs = store.repair(found.damaged, source.as_ref()).await?;
        let repairs = repairs.into_iter();
        repairs
            .map(|repair| Damaged::of(&repair.blob, repair.source))
            .collect()
    } else {
        let damaged = found.damaged.iter();
        damaged.map(|blob| Damaged::of(blob, None)).collect()
    };
    let is_right = damaged.iter().all(|blob| blob.repaired_from.is_some());
    let answer = Answer {
        store: store.folder().display().to_string(),
        ok: found.ok,
        ok_bytes: found.ok_bytes,
        damaged,
    };
    printer.answer(&answer, || people(&answer));
    if !is_right && source.is_none() {
        if !is_repairing {
            printer.remark("`--repair` writes damaged manifests anew");
        }
        printer.remark("`--repair-from URL` fetches content from a server that has it");
    }
    Ok(if is_right { Exit::Done } else { Exit::Differs })
}

fn people(answer: &Answer) -> String {
    let mut lines = String::new();
    for blob in &answer.damaged {
        let outcome = match &blob.repaired_from {
            Some(source) => format!("repaired from {source}"),
            None => "not repaired".to_owned(),
        };
        let size = text::size(blob.size);
        _ = writeln!(lines, "{} {} ({size}): {outcome}", blob.state, blob.sha256);
        let uses = match &*blob.used_by {
            [] => vec!["nothing".to_owned()],
            uses => uses.to_vec(),
        };
        for used in uses {
            _ = writeln!(lines, "  used by {used}");
        }
    }
    let (ok, size) = (text::count(answer.ok, "file"), text::size(answer.ok_bytes));
    lines
        + &format!(
            "{}: {ok} ok ({size}), {} damaged or missing\n",
            answer.store,
            answer.damaged.len()
        )
}
