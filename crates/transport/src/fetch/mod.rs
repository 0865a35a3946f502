//! The fetch flow: plan → transfer → verify → place.

mod place;
mod plan;
mod staging;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use artifact_core::ports::{
    ArtifactRecord, Fetched as Source, ReferenceObject, ResolveError, TransferError,
};
use artifact_core::{LogicalPath, ReferenceUri};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use manifest::ManifestEntry;

use crate::contents::{read_manifest, tickets};
use crate::progress::Running;
use crate::save::ResolverLookup;
use crate::verify::extra_files;
use crate::{Flow, FlowError, Phase};
use place::Placement;
pub(crate) use place::local_path;
pub(crate) use staging::STAGING_FOLDER;

/// How many entries a registry is asked for at a time. Source: the page size of wandb 0.31.0.
const BATCH: usize = 5_000;

/// What of a version is wanted, and how.
#[derive(Debug, Clone, Default)]
pub struct FetchOptions {
    /// Only entries whose path starts with this text; a trailing `/` makes it a folder.
    pub path_prefix: Option<String>,
    /// Only entries that one of these patterns matches; `*` stays within a folder, `**` does not.
    pub include: Vec<String>,
    /// Whether files that do not belong to the version are removed from the folder.
    pub exact: bool,
    /// Whether a reference whose content is gone is skipped, and told of, instead of being an error.
    pub allow_missing_references: bool,
}

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
/// # Errors
/// When content is gone or damaged, the folder cannot be written, or writing would follow a symbolic link.
pub async fn fetch(
    flow: &Flow,
    record: &ArtifactRecord,
    root: &Path,
    options: &FetchOptions,
    resolvers: &ResolverLookup,
) -> Result<Fetched, FlowError> {
    let fetched = fetch_verified(flow, record, root, options, resolvers).await;
    if let Err(
        FlowError::Damaged { .. }
        | FlowError::Transfer {
            source: TransferError::Gone { .. },
            ..
        },
    ) = &fetched
    {
        // So that logging the files again puts the content right.
        flow.stat_cache.forget();
    }
    fetched
}

async fn fetch_verified(
    flow: &Flow,
    record: &ArtifactRecord,
    root: &Path,
    options: &FetchOptions,
    resolvers: &ResolverLookup,
) -> Result<Fetched, FlowError> {
    let include = globs(&options.include)?;
    let manifest = read_manifest(flow, record).await?;
    let is_wanted = |path: &LogicalPath| {
        options
            .path_prefix
            .as_ref()
            .is_none_or(|prefix| path.as_str().starts_with(prefix.as_str()))
            && (options.include.is_empty() || include.is_match(path.as_str()))
    };
    let wanted: Vec<_> = manifest
        .iter()
        .filter(|(path, _)| is_wanted(path))
        .collect();
    artifact_core::ArtifactDraft::check_folders(wanted.iter().map(|(path, _)| *path))?;

    let root = std::path::absolute(root).map_err(|source| FlowError::Write {
        path: root.to_owned(),
        source,
    })?;
    // All of them, since what is behind a link is not in this folder, even if it is right.
    place::make_folders(&root, wanted.iter().map(|(path, _)| *path))?;
    let plan = plan::compare(flow, &root, &wanted)?;
    let mut fetched = Fetched {
        root: root.clone(),
        kept_files: plan.kept_files,
        kept_bytes: plan.kept_bytes,
        ..Fetched::default()
    };
    if plan.missing.is_empty() {
        staging::clear(&root);
    } else {
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
        let placement = Placement::begin(
            &root,
            flow,
            UNIX_EPOCH + Duration::from_millis(created).min(since_epoch()),
        )?;
        for batch in plan.missing.chunks(BATCH) {
            let sources = sources(flow, record, batch, options, resolvers, &mut fetched).await?;
            let placed = placement.place(sources).await?;
            fetched.placed_files += placed.files;
            fetched.placed_bytes += placed.bytes;
        }
        placement.end();
    }
    if options.exact {
        fetched.removed = extra_files(&root, &manifest)?;
        remove(&root, &fetched.removed)?;
    }
    Ok(fetched)
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn globs(patterns: &[String]) -> Result<GlobSet, FlowError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let error = |source| FlowError::Pattern {
            pattern: pattern.clone(),
            source,
        };
        set.add(
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .map_err(error)?,
        );
    }
    set.build().map_err(|source| FlowError::Pattern {
        pattern: patterns.join(" "),
        source,
    })
}

/// An entry and where its content is.
type Sourced<'a> = (&'a LogicalPath, &'a ManifestEntry, Source);

async fn sources<'a>(
    flow: &Flow,
    record: &ArtifactRecord,
    batch: &[(&'a LogicalPath, &'a ManifestEntry)],
    options: &FetchOptions,
    resolvers: &ResolverLookup,
    fetched: &mut Fetched,
) -> Result<Vec<Sourced<'a>>, FlowError> {
    let (references, stored): (Vec<_>, Vec<_>) = batch
        .iter()
        .copied()
        .partition(|(_, entry)| entry.reference.is_some());
    let mut sources = Vec::with_capacity(batch.len());
    if !stored.is_empty() {
        for (path, entry, ticket) in tickets(flow, record, &stored).await? {
            let source = flow.transfer.download(&ticket, None).await;
            sources.push((
                path,
                entry,
                source.map_err(|source| FlowError::Transfer {
                    path: path.to_string(),
                    source,
                })?,
            ));
        }
    }
    for (path, entry) in references {
        let Some(uri) = entry.reference.clone() else {
            continue;
        };
        match open_reference(uri, path, entry, resolvers).await {
            Ok(source) => sources.push((path, entry, source)),
            Err(ResolveError::NotFound { .. }) if options.allow_missing_references => {
                fetched.missing_references.push(path.clone());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(sources)
}

async fn open_reference(
    uri: ReferenceUri,
    path: &LogicalPath,
    entry: &ManifestEntry,
    resolvers: &ResolverLookup,
) -> Result<Source, ResolveError> {
    let resolver = resolvers(&uri)?;
    let object = ReferenceObject {
        uri,
        relative_path: path.file_name().to_owned(),
        digest: entry.digest.clone(),
        size: entry.size,
        extra: entry.extra.clone(),
    };
    resolver.open(&object).await
}

/// Removes `files` from `root`, and the folders that are empty then.
fn remove(root: &Path, files: &[LogicalPath]) -> Result<(), FlowError> {
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
