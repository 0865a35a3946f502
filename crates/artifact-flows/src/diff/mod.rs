//! Compares two versions path by path and, where it is cheap, within files.

mod content;

use artifact_core::LogicalPath;
use artifact_core::ports::ArtifactRecord;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use manifest::{Change, ManifestEntry};

use crate::read_manifest::read_manifest;
use crate::{Flow, FlowError};
pub use content::{Tensor, TensorDiff};

/// Files compared at once.
const CONCURRENT_READS: usize = 8;

/// Differences between two versions, in the order of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ArtifactDiff {
    /// Entries that only the newer version has.
    pub added: Vec<SizedPath>,
    /// Entries that only the older version has.
    pub removed: Vec<SizedPath>,
    /// Entries that both have with different content.
    pub changed: Vec<ChangedEntry>,
    /// Number of identical entries.
    pub unchanged: u64,
}

impl ArtifactDiff {
    /// Whether the versions are identical.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// An entry's path and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizedPath {
    /// The path.
    pub path: LogicalPath,
    /// Bytes, if recorded.
    pub size: Option<u64>,
}

/// An entry with other content in the newer version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedEntry {
    /// The path.
    pub path: LogicalPath,
    /// Bytes in the older version, if recorded.
    pub old_size: Option<u64>,
    /// Bytes in the newer version, if recorded.
    pub new_size: Option<u64>,
    /// Differences within the file, if its format is supported.
    pub content: Option<ContentDiff>,
}

/// Differences within a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentDiff {
    /// Tensors of a `.safetensors` file, by its header alone.
    Tensors(TensorDiff),
    /// Numbers of rows of a `.table.json` file.
    Rows {
        /// In the older version.
        old: u64,
        /// In the newer version.
        new: u64,
    },
    /// The file was not compared.
    Unread {
        /// The reason.
        why: String,
    },
}

/// A file format that is compared within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inspected {
    Safetensors,
    Table,
}

impl Inspected {
    fn of(path: &LogicalPath) -> Option<Self> {
        if path.as_str().ends_with(".safetensors") {
            Some(Self::Safetensors)
        } else if path.as_str().ends_with(".table.json") {
            Some(Self::Table)
        } else {
            None
        }
    }
}

/// Compares two versions by their manifests, and files that both have where it is cheap: the header of `.safetensors`
/// files, the number of rows of `.table.json` files.
///
/// # Errors
/// Fails when a manifest cannot be read. A file that cannot be compared is part of the result.
pub async fn diff(
    flow: &Flow,
    older: &ArtifactRecord,
    newer: &ArtifactRecord,
) -> Result<ArtifactDiff, FlowError> {
    let (old, new) = (
        read_manifest(flow, older).await?,
        read_manifest(flow, newer).await?,
    );
    let differences = old.diff(&new);
    let mut found = ArtifactDiff::default();
    let mut changed = Vec::new();
    for (path, change) in differences.iter() {
        let sized = |entry: &ManifestEntry| SizedPath {
            path: path.clone(),
            size: entry.size,
        };
        match change {
            Change::Added(entry) => found.added.push(sized(entry)),
            Change::Removed(entry) => found.removed.push(sized(entry)),
            Change::Changed { old, new } => changed.push((path, old, new)),
        }
    }
    let differing = found.removed.len() + changed.len();
    found.unchanged = (old.iter().len() - differing) as u64;
    let looking = changed.into_iter().map(|(path, old, new)| async move {
        let content = match Inspected::of(path) {
            Some(kind) => {
                Some(compare_contents(flow, kind, path, (older, old), (newer, new)).await)
            }
            None => None,
        };
        Ok::<_, FlowError>(ChangedEntry {
            path: path.clone(),
            old_size: old.size,
            new_size: new.size,
            content,
        })
    });
    found.changed = stream::iter(looking)
        .buffered(CONCURRENT_READS)
        .try_collect()
        .await?;
    Ok(found)
}

async fn compare_contents(
    flow: &Flow,
    kind: Inspected,
    path: &LogicalPath,
    (older, old): (&ArtifactRecord, &ManifestEntry),
    (newer, new): (&ArtifactRecord, &ManifestEntry),
) -> ContentDiff {
    let compared = match kind {
        Inspected::Safetensors => {
            let read = async |record, entry| content::read_tensors(flow, record, path, entry).await;
            let both = async { Ok((read(older, old).await?, read(newer, new).await?)) };
            both.await
                .map(|(old, new)| ContentDiff::Tensors(TensorDiff::between(&old, &new)))
        }
        Inspected::Table => {
            let read = async |record, entry| content::count_rows(flow, record, path, entry).await;
            let both = async { Ok((read(older, old).await?, read(newer, new).await?)) };
            both.await.map(|(old, new)| ContentDiff::Rows { old, new })
        }
    };
    compared.unwrap_or_else(|why: content::Uninspected| ContentDiff::Unread { why: why.0 })
}
