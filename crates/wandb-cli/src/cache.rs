//! `wandb-rs cache`: what was fetched from servers, and is kept.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::CacheCommand;
use super::{Exit, Failure, Printer, text};
use wandb_rs::folders::{cache_folder, content_cache, versions_folder};
use wandb_rs::{Cache, Error, Settings};

/// The output of `cache info --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    /// The folder.
    folder: String,
    entries: u64,
    bytes: u64,
    /// The number of entries with content of references that have only an opaque digest, and their bytes.
    reference_entries: u64,
    reference_bytes: u64,
    /// Files that remember something of versions.
    version_files: u64,
    version_bytes: u64,
    /// Files that are on their way in, or were when their process died.
    temporary_files: u64,
    temporary_bytes: u64,
    /// The most bytes that it may hold; `null` for no limit.
    quota: Option<u64>,
    /// The folder that caches versions.
    versions_folder: String,
}

/// The output of `cache clean --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Clean {
    removed_entries: u64,
    removed_bytes: u64,
    left_entries: u64,
    left_bytes: u64,
    /// Entries that were left only because a running program uses them.
    in_use: u64,
    removed_temporary_files: u64,
    removed_temporary_bytes: u64,
}

/// The output of `cache verify --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verify {
    ok: u64,
    ok_bytes: u64,
    /// Entries that were wrong, and are removed.
    wrong: Vec<String>,
    /// Entries of other clients without a verified digest; they are never used.
    unvouched: u64,
}

pub(super) fn run(
    command: &CacheCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match command {
        CacheCommand::Info => info(settings, printer),
        CacheCommand::Clean(args) => {
            clean(args.target, args.temporary.is_removed, settings, printer)
        }
        CacheCommand::Verify => verify(settings, printer),
    }
}

fn info(settings: &Settings, printer: &Printer) -> Result<Exit, Failure> {
    let usage = content_cache(settings)?.usage().map_err(Error::from)?;
    let info = Info {
        folder: cache_folder(settings)?.display().to_string(),
        entries: usage.entries,
        bytes: usage.bytes,
        reference_entries: usage.references,
        reference_bytes: usage.reference_bytes,
        version_files: usage.versions,
        version_bytes: usage.version_bytes,
        temporary_files: usage.temporary_files,
        temporary_bytes: usage.temporary_bytes,
        quota: settings.cache_quota,
        versions_folder: versions_folder(settings)?.display().to_string(),
    };
    printer.answer(&info, || {
        let quota = info.quota.map_or_else(|| "none".to_owned(), text::size);
        let amount =
            |count, bytes| format!("{} ({})", text::size(bytes), text::count(count, "file"));
        format!(
            "{}\n  content     {}\n  references  {}\n  versions    {}\n  unfinished  {}\n  quota       {quota}\n",
            info.folder,
            amount(
                info.entries - info.reference_entries,
                info.bytes - info.reference_bytes
            ),
            amount(info.reference_entries, info.reference_bytes),
            amount(info.version_files, info.version_bytes),
            amount(info.temporary_files, info.temporary_bytes),
        )
    });
    Ok(Exit::Done)
}

/// Removes what was not used for longest; also what `artifact cache cleanup` does.
pub(super) fn clean(
    target: u64,
    removes_temporary: bool,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let cache: Cache = content_cache(settings)?;
    let cleaned = cache.clean(target).map_err(Error::from)?;
    let temporary = if removes_temporary {
        cache.clean_temporary().map_err(Error::from)?
    } else {
        wandb_rs::Cleaned::default()
    };
    let answer = Clean {
        removed_entries: cleaned.removed,
        removed_bytes: cleaned.removed_bytes,
        left_entries: cleaned.left,
        left_bytes: cleaned.left_bytes,
        in_use: cleaned.in_use,
        removed_temporary_files: temporary.removed_temporary,
        removed_temporary_bytes: temporary.removed_temporary_bytes,
    };
    printer.answer(&answer, || {
        let freed = answer.removed_bytes + answer.removed_temporary_bytes;
        let in_use = match answer.in_use {
            0 => String::new(),
            count => format!(" ({} in use)", text::count(count, "file")),
        };
        format!(
            "{} freed: {} removed, {} unfinished\n  left    {} in {}{in_use}\n",
            text::size(freed),
            text::count(answer.removed_entries, "file"),
            answer.removed_temporary_files,
            text::size(answer.left_bytes),
            text::count(answer.left_entries, "file"),
        )
    });
    Ok(Exit::Done)
}

fn verify(settings: &Settings, printer: &Printer) -> Result<Exit, Failure> {
    use wandb_rs::{NoProgress, Phase};
    let cache = content_cache(settings)?;
    let usage = cache.usage().map_err(Error::from)?;
    let progress = printer
        .progress()
        .unwrap_or_else(|| std::sync::Arc::new(NoProgress));
    progress.start(Phase::Verify, Some(usage.entries), Some(usage.bytes));
    let report = cache.verify(|bytes| progress.advance(1, bytes));
    progress.finish(Phase::Verify);
    let report = report.map_err(Error::from)?;
    let answer = Verify {
        ok: report.right,
        ok_bytes: report.right_bytes,
        wrong: report
            .wrong
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        unvouched: report.unvouched,
    };
    printer.answer(&answer, || {
        let mut lines = String::new();
        for path in &answer.wrong {
            _ = writeln!(lines, "removed  {path}");
        }
        format!(
            "{lines}{} ok ({}), {} wrong and removed, {} without a verified digest\n",
            answer.ok,
            text::size(answer.ok_bytes),
            answer.wrong.len(),
            answer.unvouched,
        )
    });
    Ok(if answer.wrong.is_empty() {
        Exit::Done
    } else {
        Exit::Differs
    })
}
