//! The diff flow: what differs between two versions, path by path, and where it is cheap to tell also within files.

mod content;

use artifact_core::LogicalPath;
use artifact_core::ports::ArtifactRecord;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use manifest::{Change, ManifestEntry};

use crate::read_manifest::read_manifest;
use crate::{Flow, FlowError};
pub use content::{Tensor, TensorDiff};

/// How many files are looked into at once.
const CONCURRENT_READS: usize = 8;

/// What differs between two versions, in the order of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ArtifactDiff {
    /// What only the newer version has.
    pub added: Vec<SizedPath>,
    /// What only the older version has.
    pub removed: Vec<SizedPath>,
    /// What both have, with other content.
    pub changed: Vec<ChangedEntry>,
    /// How many entries are the same.
    pub unchanged: u64,
}

impl ArtifactDiff {
    /// Whether nothing differs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// An entry's path, and the length of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizedPath {
    /// The path.
    pub path: LogicalPath,
    /// Bytes, where the manifest says so.
    pub size: Option<u64>,
}

/// An entry that has other content in the newer version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedEntry {
    /// The path.
    pub path: LogicalPath,
    /// Bytes in the older version, where its manifest says so.
    pub old_size: Option<u64>,
    /// Bytes in the newer version, where its manifest says so.
    pub new_size: Option<u64>,
    /// What differs within the file, where it is of a kind that is looked into.
    pub content: Option<ContentDiff>,
}

/// What differs within a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentDiff {
    /// Of a `.safetensors` file: its tensors, by its header alone.
    Tensors(TensorDiff),
    /// Of a `.table.json` file: how many rows it has.
    Rows {
        /// In the older version.
        old: u64,
        /// In the newer version.
        new: u64,
    },
    /// It was not looked into.
    Unread {
        /// Why.
        why: String,
    },
}

/// A kind of file that is looked into.
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

/// Compares two versions by their manifests, and looks into the files that both have where it is cheap: of a
/// `.safetensors` file the header is read, of a `.table.json` file the number of rows.
///
/// # Errors
/// When a manifest cannot be read. A file that cannot be looked into is no error but in the result.
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
