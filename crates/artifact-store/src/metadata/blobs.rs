//! Blobs that are known to be whole.

use artifact_core::{ContentKey, LogicalPath};

use super::{BlobKey, RunKey, VersionKey};
use crate::StoreError;

/// A blob, as an entry needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlobRow {
    pub(crate) key: BlobKey,
    /// The version with the oldest manifest that holds this content, where it is committed.
    pub(crate) birth: Option<VersionKey>,
}

/// A blob, as whoever looks after all of them needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredBlob {
    pub(crate) key: BlobKey,
    pub(crate) content: ContentKey,
    pub(crate) size: u64,
}

/// What refers to a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlobUse {
    /// An entry of a committed version.
    Entry(VersionKey, LogicalPath),
    /// The manifest file of a committed version.
    Manifest(VersionKey),
    /// A file of a run.
    RunFile(RunKey, LogicalPath),
}

/// What can be asked of blobs.
pub(crate) trait BlobTable {
    /// Returns the sizes of the blobs under these keys, in order; `None` for those that are not known.
    fn blob_sizes(&self, keys: &[ContentKey]) -> Result<Vec<Option<u64>>, StoreError>;

    /// Returns how many blobs there are, and their bytes.
    fn blob_totals(&self) -> Result<(u64, u64), StoreError>;

    /// Lists blobs in the order of their rows.
    fn blobs_after(
        &self,
        after: Option<BlobKey>,
        limit: u32,
    ) -> Result<Vec<StoredBlob>, StoreError>;

    /// Lists those that no entry, no manifest and no file of a run uses, in the order of their rows.
    fn unused_blobs(
        &self,
        after: Option<BlobKey>,
        limit: u32,
    ) -> Result<Vec<StoredBlob>, StoreError>;

    /// Returns what refers to a blob, versions that are not committed aside.
    fn uses_of_blob(&self, blob: BlobKey) -> Result<Vec<BlobUse>, StoreError>;
}

/// What can be done to blobs.
pub(crate) trait BlobTableMut {
    /// Records that blobs are whole and durable; returns them in order.
    fn ensure_blobs(&mut self, blobs: &[(ContentKey, u64)]) -> Result<Vec<BlobRow>, StoreError>;

    /// Forgets those of the blobs that no entry, no manifest and no file of a run uses; returns those that are not known afterwards.
    fn forget_unused_blobs(&mut self, keys: &[ContentKey]) -> Result<Vec<ContentKey>, StoreError>;
}
