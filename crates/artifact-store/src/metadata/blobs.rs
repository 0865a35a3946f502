//! Blobs that are known to be whole.

use artifact_core::ContentKey;

use super::{BlobKey, VersionKey};
use crate::StoreError;

/// A blob, as an entry needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlobRow {
    pub(crate) key: BlobKey,
    /// The version with the oldest manifest that holds this content, where it is committed.
    pub(crate) birth: Option<VersionKey>,
}

/// What can be asked of blobs.
pub(crate) trait BlobTable {
    /// Returns the sizes of the blobs under these keys, in order; `None` for those that are not known.
    fn blob_sizes(&self, keys: &[ContentKey]) -> Result<Vec<Option<u64>>, StoreError>;
}

/// What can be done to blobs.
pub(crate) trait BlobTableMut {
    /// Records that blobs are whole and durable; returns them in order.
    fn ensure_blobs(&mut self, blobs: &[(ContentKey, u64)]) -> Result<Vec<BlobRow>, StoreError>;

    /// Forgets those of the blobs that no entry, no manifest and no file of a run uses; returns those that are not known afterwards.
    fn forget_unused_blobs(&mut self, keys: &[ContentKey]) -> Result<Vec<ContentKey>, StoreError>;
}
