//! `wandb-rs store gc`: deletes expired versions and unreferenced content.

use serde::Serialize;

use super::GcArgs;
use crate::{Exit, Failure, Printer, text};
use wandb_rs::Store;

/// The output of `gc --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    store: String,
    /// Whether it was a dry run.
    dry_run: bool,
    /// Versions whose TTL is over.
    expired: Vec<String>,
    /// The number of unreferenced contents.
    files: u64,
    bytes: u64,
    /// Whether the bytes have been freed.
    freed: bool,
}

pub(super) async fn run(args: &GcArgs, store: &Store, printer: &Printer) -> Result<Exit, Failure> {
    let garbage = if args.dry_run {
        store.find_garbage().await?
    } else {
        store.collect_garbage().await?
    };
    let answer = Answer {
        store: store.folder().display().to_string(),
        dry_run: args.dry_run,
        expired: garbage.expired.iter().map(ToString::to_string).collect(),
        files: garbage.blobs,
        bytes: garbage.bytes,
        freed: garbage.is_freed,
    };
    printer.answer(&answer, || people(&answer));
    if !answer.dry_run && !answer.freed {
        let line =
            "another process is writing to the store: the next writer that is alone frees it";
        printer.remark(line);
    }
    Ok(Exit::Done)
}

fn people(answer: &Answer) -> String {
    let verb = |done: &str, would: &str| if answer.dry_run { would } else { done }.to_owned();
    let deleted = verb("deleted", "would delete");
    let expired = answer.expired.iter();
    let expired = expired.map(|address| format!("{deleted} {address}, whose time is over\n"));
    let freed = match (answer.dry_run, answer.freed) {
        (true, _) => "would free",
        (false, true) => "freed",
        (false, false) => "is to free",
    };
    let count = text::count(answer.files, "file");
    let size = text::size(answer.bytes);
    expired.collect::<String>() + &format!("{freed} {count} ({size}) in {}\n", answer.store)
}
