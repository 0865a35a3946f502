//! Downloads of many versions at once, each into its own folder, and of single entries.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::ports::ArtifactRecord;
use artifact_core::{LogicalPath, RetryNotice};
use manifest::Manifest;
use tokio::task::JoinSet;

use super::options::Selection;
use super::{
    EntryOptions, FetchOptions, Fetched, TransferBudget, absolute_path, download_entries,
    fetch_selected, forget_damaged, local_path,
};
use crate::blocking::unwrap_join;
use crate::progress::Running;
use crate::read_manifest::read_manifests;
use crate::references::ResolverLookup;
use crate::references::with_resolved_digest;
use crate::{Flow, FlowError, Phase, Progress};

/// Manifests that are requested, and held in memory, at a time.
const WINDOW: usize = 128;

/// Versions downloaded at once. The shared budget bounds the transfers; this bounds open folders and threads.
const AT_ONCE: usize = 16;

/// A version and its target folder.
#[derive(Debug, Clone)]
pub struct FetchJob {
    /// The version.
    pub record: ArtifactRecord,
    /// The folder.
    pub root: PathBuf,
}

/// Downloads every version into its folder, as [`fetch`](super::fetch) does for one, within one shared budget. Outcomes
/// are in the order of `jobs`; a failed version does not stop the others.
///
/// Reported as a single progress phase.
///
/// # Errors
/// [`FlowError::SameRoot`] when two versions share a folder, and [`FlowError::Pattern`]; nothing is transferred then.
pub async fn fetch_all(
    flow: &Flow,
    jobs: Vec<FetchJob>,
    options: &FetchOptions,
    resolvers: &ResolverLookup,
) -> Result<Vec<Result<Fetched, FlowError>>, FlowError> {
    Selection::new(options)?;
    check_roots(&jobs)?;
    let _running = Running::start(&*flow.progress, Phase::Download, None, None);
    let flow = Flow {
        progress: Arc::new(WithinPhase(Arc::clone(&flow.progress))),
        ..flow.clone()
    };
    let options = Arc::new(options.clone());
    let budget = TransferBudget::shared(options.limits);
    let mut outcomes = Vec::with_capacity(jobs.len());
    for window in jobs.chunks(WINDOW) {
        let records: Vec<_> = window.iter().map(|job| &job.record).collect();
        let manifests = read_manifests(&flow, &records, AT_ONCE).await;
        let mut rest = window.iter().cloned().zip(manifests).enumerate();
        // Dropping the set aborts its tasks.
        let mut transfers = JoinSet::new();
        let mut came = Vec::with_capacity(window.len());
        loop {
            while transfers.len() < AT_ONCE
                && let Some((at, (job, manifest))) = rest.next()
            {
                let (flow, budget) = (flow.clone(), budget.clone());
                let (options, resolvers) = (Arc::clone(&options), Arc::clone(resolvers));
                transfers.spawn(async move {
                    let fetched = one(&flow, &job, manifest, &options, &resolvers, budget);
                    (at, Box::pin(fetched).await)
                });
            }
            let Some(ended) = transfers.join_next().await else {
                break;
            };
            came.push(unwrap_join(ended));
        }
        came.sort_unstable_by_key(|(at, _)| *at);
        outcomes.extend(came.into_iter().map(|(_, outcome)| outcome));
    }
    Ok(outcomes)
}

async fn one(
    flow: &Flow,
    job: &FetchJob,
    manifest: Result<Manifest, FlowError>,
    options: &FetchOptions,
    resolvers: &ResolverLookup,
    budget: TransferBudget,
) -> Result<Fetched, FlowError> {
    let (record, root) = (&job.record, &job.root);
    let fetched = fetch_selected(flow, record, manifest?, root, options, resolvers, budget).await;
    forget_damaged(flow, &fetched);
    fetched
}

fn check_roots(jobs: &[FetchJob]) -> Result<(), FlowError> {
    let mut roots: HashMap<PathBuf, &FetchJob> = HashMap::with_capacity(jobs.len());
    for job in jobs {
        let root = plain(&job.root)?;
        if let Some(other) = roots.insert(root, job) {
            return Err(FlowError::SameRoot {
                first: other.record.address().to_string(),
                second: job.record.address().to_string(),
                root: job.root.clone(),
            });
        }
    }
    Ok(())
}

/// Returns the path in a normal form, so that two spellings of one folder compare equal (links are not resolved).
fn plain(root: &Path) -> Result<PathBuf, FlowError> {
    Ok(absolute_path(root)?.components().collect())
}

/// Forwards progress within a phase that the caller started.
#[derive(Debug)]
struct WithinPhase(Arc<dyn Progress>);

impl Progress for WithinPhase {
    fn start(&self, _phase: Phase, _files: Option<u64>, _bytes: Option<u64>) {}

    fn advance(&self, files: u64, bytes: u64) {
        self.0.advance(files, bytes);
    }

    fn retrying(&self, notice: &RetryNotice) {
        self.0.retrying(notice);
    }

    fn finish(&self, _phase: Phase) {}
}

/// Downloads the entries at `paths` into the folder `root`, and returns their files in the order of `paths`. The
/// manifest is already known.
///
/// As with [`fetch`](super::fetch), only verified files appear. Paths that are not in `manifest` are skipped.
///
/// # Errors
/// As [`fetch`](super::fetch).
pub async fn fetch_entries(
    flow: &Flow,
    record: &ArtifactRecord,
    manifest: &Manifest,
    paths: &[LogicalPath],
    root: &Path,
    resolvers: &ResolverLookup,
    allow_local_references: bool,
) -> Result<Vec<PathBuf>, FlowError> {
    let mut entries = Vec::with_capacity(paths.len());
    for path in paths {
        if let Some(entry) = manifest.get(path) {
            entries.push((path, with_resolved_digest(entry, resolvers).await));
        }
    }
    let wanted: Vec<_> = entries
        .iter()
        .map(|(path, entry)| (*path, &**entry))
        .collect();
    let root = absolute_path(root)?;
    let options = EntryOptions::with_defaults(Some(resolvers), allow_local_references);
    Box::pin(download_entries(flow, record, &root, &wanted, options)).await?;
    Ok(wanted
        .iter()
        .map(|(path, _)| local_path(&root, path))
        .collect())
}
