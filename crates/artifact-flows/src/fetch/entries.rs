//! Some entries of a version whose manifest is known already.

use std::path::{Path, PathBuf};

use artifact_core::LogicalPath;
use artifact_core::ports::ArtifactRecord;
use manifest::Manifest;

use super::{How, absolute, bring, local_path};
use crate::references::known;
use crate::save::ResolverLookup;
use crate::{Flow, FlowError};

/// Brings the entries at `paths` into the folder `root`, and returns their files in the order of `paths`.
///
/// As with [`fetch`](super::fetch), nothing appears there that was not verified. Paths that `manifest` does not have are
/// left out.
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
            entries.push((path, known(entry, resolvers).await));
        }
    }
    let wanted: Vec<_> = entries
        .iter()
        .map(|(path, entry)| (*path, &**entry))
        .collect();
    let root = absolute(root)?;
    let how = How::simply(Some(resolvers), allow_local_references);
    Box::pin(bring(flow, record, &root, &wanted, how)).await?;
    Ok(wanted
        .iter()
        .map(|(path, _)| local_path(&root, path))
        .collect())
}
