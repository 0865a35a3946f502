//! The fetch flow: plan → transfer → verify → place.
//!
//! Content is in the cache, in a local file, or comes as a stream; [`drive`] keeps all three moving at once. LocalSource files
//! are hashed while they are copied or cloned (`local`). Streams that break off go on where they broke (`feed`), small
//! ones are collected and written together (`whole`), large ones come in parts (`parted`) that outlive their process
//! (`partial`).

mod context;
mod download;
mod fetch_all;
mod install;
mod local_copies;
mod options;
mod plan;
mod ranged_download;
mod record;
mod resumable_stream;
mod resume_file;
mod scheduler;
mod single_stream;
mod staging;
mod tickets;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use artifact_core::LogicalPath;
use artifact_core::ports::{ArtifactRecord, TransferError};
use manifest::{Manifest, ManifestEntry};

use crate::progress::Running;
use crate::read_manifest::read_manifest;
use crate::references::ResolverLookup;
use crate::references::resolve_digests;
use crate::verify::extra_files;
use crate::{Flow, FlowError, Phase};
pub(crate) use context::{FetchContext, TransferBudget};
pub(crate) use download::{Download, DownloadFailure, Origin};
pub use fetch_all::{FetchJob, fetch_all, fetch_entries};
use install::Installer;
pub(crate) use install::local_path;
pub(crate) use local_copies::local_copies;
use options::Selection;
pub use options::{FetchLimits, FetchOptions};
pub(crate) use resumable_stream::{Opened, ResumableStream};
pub(crate) use resume_file::name as resume_file_name;
pub(crate) use single_stream::collect;
pub(crate) use staging::STAGING_FOLDER;

/// What a fetch did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// The folder.
    pub root: PathBuf,
    /// How many files were placed.
    pub placed_files: u64,
    /// Their bytes.
    pub placed_bytes: u64,
    /// How many files were right already and were not touched.
    pub kept_files: u64,
    /// Their bytes.
    pub kept_bytes: u64,
    /// Files that were removed because they do not belong to the version.
    pub removed: Vec<LogicalPath>,
    /// References whose content is gone.
    pub missing_references: Vec<LogicalPath>,
}

/// Brings a version into the folder `root`. A file appears there only when every byte of it was verified, and files
/// that are right already are not touched.
///
/// When it fails, or its future is dropped, what was placed stays, and so does what is there of large files: the next
/// fetch into the same folder goes on from there. Must run on a tokio runtime with timers.
///
/// # Errors
/// When content is gone or damaged, the folder cannot be written, or writing would follow a symbolic link.
pub async fn fetch(
    flow: &Flow,
    record: &ArtifactRecord,
    root: &Path,
    options: &FetchOptions,
    resolvers: &ResolverLookup,
) -> Result<Fetched, FlowError> {
    let fetched = fetch_one(flow, record, root, options, resolvers).await;
    forget_damaged(flow, &fetched);
    fetched
}

/// Forgets what files held where the registry's own content is damaged or gone, so that logging them again puts it right.
pub(crate) fn forget_damaged<T>(flow: &Flow, outcome: &Result<T, FlowError>) {
    if let Err(
        FlowError::Damaged { .. }
        | FlowError::Transfer {
            source: TransferError::Gone { .. },
            ..
        },
    ) = outcome
    {
        flow.stat_cache.forget();
    }
}

async fn fetch_one(
    flow: &Flow,
    record: &ArtifactRecord,
    root: &Path,
    options: &FetchOptions,
    resolvers: &ResolverLookup,
) -> Result<Fetched, FlowError> {
    // Before anything is asked.
    Selection::new(options)?;
    let manifest = read_manifest(flow, record).await?;
    let budget = TransferBudget::new(options.limits);
    fetch_selected(flow, record, manifest, root, options, resolvers, budget).await
}

/// Brings what is wanted of the entries of `manifest`, within what `pool` has room for.
async fn fetch_selected(
    flow: &Flow,
    record: &ArtifactRecord,
    mut manifest: Manifest,
    root: &Path,
    options: &FetchOptions,
    resolvers: &ResolverLookup,
    budget: TransferBudget,
) -> Result<Fetched, FlowError> {
    let selection = Selection::new(options)?;
    resolve_digests(&mut manifest, |path| selection.matches(path), resolvers).await;
    let wanted: Vec<_> = manifest
        .iter()
        .filter(|(path, _)| selection.matches(path))
        .collect();
    let root = absolute_path(root)?;
    let entry_options = EntryOptions {
        fetch: options.clone(),
        budget,
        resolvers: Some(resolvers),
        fills_cache: true,
    };
    let download = download_entries(flow, record, &root, &wanted, entry_options);
    let mut fetched = Box::pin(download).await?;
    if options.exact {
        fetched.removed = extra_files(&root, &manifest)?;
        remove_files(&root, &fetched.removed)?;
    }
    Ok(fetched)
}

/// Options for downloading some entries of a version.
pub(crate) struct EntryOptions<'a> {
    fetch: FetchOptions,
    /// Shared by all downloads that run at once.
    budget: TransferBudget,
    /// Opens references; `None` where the entries hold none.
    resolvers: Option<&'a ResolverLookup>,
    /// Whether downloaded content is stored in the cache.
    fills_cache: bool,
}

impl<'a> EntryOptions<'a> {
    /// Returns default limits and strict rules.
    pub(crate) fn with_defaults(
        resolvers: Option<&'a ResolverLookup>,
        allow_local_references: bool,
    ) -> Self {
        let fetch = FetchOptions {
            allow_local_references,
            ..FetchOptions::default()
        };
        Self {
            budget: TransferBudget::new(fetch.limits),
            fetch,
            resolvers,
            fills_cache: true,
        }
    }

    /// Reads from the cache but stores nothing in it: for content that is only passing through, which would evict what
    /// is used here, and for callers that fill the cache themselves.
    pub(crate) fn without_caching(self) -> Self {
        Self {
            fills_cache: false,
            ..self
        }
    }
}

/// Brings these entries of a version into the folder `root`, which is absolute.
pub(crate) async fn download_entries(
    flow: &Flow,
    record: &ArtifactRecord,
    root: &Path,
    wanted: &[(&LogicalPath, &ManifestEntry)],
    options: EntryOptions<'_>,
) -> Result<Fetched, FlowError> {
    artifact_core::ArtifactDraft::check_folders(wanted.iter().map(|(path, _)| *path))?;

    std::fs::create_dir_all(root).map_err(|source| FlowError::Write {
        path: root.to_owned(),
        source,
    })?;
    plan::check_names(
        root,
        wanted.iter().map(|(path, _)| *path),
        options.fetch.portable,
    )?;
    // All of them, since what is behind a link is not in this folder, even if it is right.
    install::make_folders(root, wanted.iter().map(|(path, _)| *path))?;
    let plan = plan::compare(flow, root, wanted)?;
    if !options.fetch.allow_local_references {
        refuse_local_references(&plan)?;
    }
    let mut fetched = Fetched {
        root: root.to_owned(),
        kept_files: plan.kept_files,
        kept_bytes: plan.kept_bytes,
        ..Fetched::default()
    };
    if !plan.missing.is_empty() {
        let bytes = plan
            .missing
            .iter()
            .filter_map(|(_, entry)| entry.size)
            .sum();
        let _running = Running::start(
            &*flow.progress,
            Phase::Download,
            Some(plan.missing.len() as u64),
            Some(bytes),
        );
        let created = u64::try_from(record.created_at.as_unix_millis()).unwrap_or_default();
        let modified = UNIX_EPOCH + Duration::from_millis(created).min(since_epoch());
        let downloads = plan
            .missing
            .iter()
            .map(|(path, entry)| Download::new(record, path, entry))
            .collect::<Result<_, _>>()?;
        let installer = Arc::new(Installer::begin(root, flow, modified, &options)?);
        let context = Arc::new(FetchContext::with_budget(
            options.budget,
            flow,
            record,
            options.fetch.limits,
            options.resolvers.map(Arc::clone),
        ));
        let _stop = StopOnDrop(&installer);
        let totals = scheduler::run(
            &context,
            &installer,
            downloads,
            options.fetch.allow_missing_references,
        );
        let totals = Box::pin(totals).await;
        installer.stop();
        // Nothing is written any more when this returns, whether it succeeds or not.
        installer.tracker.close();
        installer.tracker.wait().await;
        installer.end();
        let totals = totals?;
        fetched.placed_files = totals.files;
        fetched.placed_bytes = totals.bytes;
        fetched.missing_references = totals.missing_references;
        fetched.missing_references.sort_unstable();
    }
    // What is in place now needs no half file any more.
    let is_finished = |name: &str| {
        let mut digests = wanted
            .iter()
            .filter_map(|(_, entry)| entry.digest.content());
        digests.any(|digest| resume_file::name(digest) == name)
    };
    staging::clear(root, is_finished);
    Ok(fetched)
}

pub(crate) fn absolute_path(path: &Path) -> Result<PathBuf, FlowError> {
    std::path::absolute(path).map_err(|source| FlowError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Fails where content would have to be read from a file that a manifest only names.
fn refuse_local_references(plan: &plan::Plan<'_>) -> Result<(), FlowError> {
    let mut references = plan
        .missing
        .iter()
        .filter_map(|(path, entry)| Some((*path, entry.reference.as_ref()?)));
    match references.find(|(_, uri)| uri.scheme().as_str() == "file") {
        Some((path, uri)) => Err(FlowError::LocalReference {
            path: path.clone(),
            uri: uri.clone(),
        }),
        None => Ok(()),
    }
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Lets nothing more appear when the fetch is given up.
struct StopOnDrop<'a>(&'a Installer);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Removes `files` from `root`, and the folders that are empty then.
fn remove_files(root: &Path, files: &[LogicalPath]) -> Result<(), FlowError> {
    let mut folders = BTreeSet::new();
    for file in files {
        let path = local_path(root, file);
        std::fs::remove_file(&path).map_err(|source| FlowError::Write { path, source })?;
        folders.extend(file.ancestors().map(ToOwned::to_owned));
    }
    // From the innermost out; one that still holds something stays.
    for folder in folders.iter().rev() {
        _ = std::fs::remove_dir(root.join(folder));
    }
    Ok(())
}
