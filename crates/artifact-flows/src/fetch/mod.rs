//! Downloads versions into folders: plan, transfer, verify, install.
//!
//! The content of an entry is in the cache, in a local file, or arrives as a stream; [`scheduler`] keeps all three
//! moving at once. A stream resumes where its connection broke ([`resumable_stream`]). One file takes one of three ways
//! into the folder: local files are hashed while they are copied or cloned ([`local_copies`]), most streams are written
//! and hashed at once ([`single_stream`]), and large ones arrive in ranges that survive the process
//! ([`ranged_download`], [`resume_file`]). [`install`] gives every verified file its final name.

mod context;
mod download;
mod fetch_all;
mod install;
mod local_copies;
mod options;
mod plan;
mod ranged_download;
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
pub(crate) use install::{local_path, make_folders};
pub(crate) use local_copies::local_copies;
use options::Selection;
pub use options::{FetchLimits, FetchOptions};
pub(crate) use resumable_stream::{Opened, ResumableStream};
pub(crate) use resume_file::name as resume_file_name;
pub(crate) use single_stream::collect;
pub(crate) use staging::STAGING_FOLDER;

/// Outcome of a download.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// The folder.
    pub root: PathBuf,
    /// Files installed.
    pub placed_files: u64,
    /// Their bytes.
    pub placed_bytes: u64,
    /// Files that were already correct and were left untouched.
    pub kept_files: u64,
    /// Their bytes.
    pub kept_bytes: u64,
    /// Files removed because they are not part of the version.
    pub removed: Vec<LogicalPath>,
    /// References whose content no longer exists.
    pub missing_references: Vec<LogicalPath>,
}

/// Downloads a version into the folder `root`. A file appears there only once all of its bytes are verified; files that
/// are already correct are left untouched.
///
/// After an error, or when the future is dropped, installed files stay, and so does the downloaded part of large files:
/// the next download into the same folder continues from there. Must run on a tokio runtime with timers.
///
/// # Errors
/// Fails when content is gone or damaged, when the folder cannot be written, or when writing would follow a symbolic
/// link.
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

/// Clears the stat cache when the registry's own content is damaged or gone, so that logging the files again uploads
/// them again.
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
    // Checks the patterns before the first request.
    Selection::new(options)?;
    let manifest = read_manifest(flow, record).await?;
    let budget = TransferBudget::new(options.limits);
    fetch_selected(flow, record, manifest, root, options, resolvers, budget).await
}

/// Downloads the selected entries of `manifest`, within the limits of `budget`.
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

/// Downloads entries of a version into the folder `root`, an absolute path.
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
    // For all entries, since a file behind a link is not in this folder, even if it is correct.
    make_folders(root, wanted.iter().map(|(path, _)| *path))?;
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
        // No write is still running when this returns, whether it succeeds or not.
        installer.tracker.close();
        installer.tracker.wait().await;
        installer.end();
        let totals = totals?;
        fetched.placed_files = totals.files;
        fetched.placed_bytes = totals.bytes;
        fetched.missing_references = totals.missing_references;
        fetched.missing_references.sort_unstable();
    }
    // The resume files of installed entries are no longer needed.
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

/// Fails if a missing entry is a reference to a file of this machine.
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

/// Stops installing files when the download is cancelled.
struct StopOnDrop<'a>(&'a Installer);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Removes `files` from `root`, and the folders that are empty afterwards.
fn remove_files(root: &Path, files: &[LogicalPath]) -> Result<(), FlowError> {
    let mut folders = BTreeSet::new();
    for file in files {
        let path = local_path(root, file);
        std::fs::remove_file(&path).map_err(|source| FlowError::Write { path, source })?;
        folders.extend(file.ancestors().map(ToOwned::to_owned));
    }
    // Innermost first; a folder that is not empty stays.
    for folder in folders.iter().rev() {
        _ = std::fs::remove_dir(root.join(folder));
    }
    Ok(())
}
