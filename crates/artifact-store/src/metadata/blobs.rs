//! Blobs that are stored in full, and files that are uploaded in parts.

use artifact_core::{ContentDigest, ContentKey, LogicalPath};

use super::{BlobKey, ManifestKey, PartsKey, RunKey, VersionKey};
use crate::StoreError;

/// A blob, as an entry needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRow {
    /// The key.
    pub key: BlobKey,
    /// The version with the oldest manifest that holds this content, if it is committed.
    pub birth: Option<VersionKey>,
}

/// A blob, as maintenance needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBlob {
    /// The key of the row.
    pub key: BlobKey,
    /// The key of the content.
    pub content: ContentKey,
    /// The size in bytes.
    pub size: u64,
}

/// A reference to a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobUse {
    /// An entry of a committed version.
    Entry(VersionKey, LogicalPath),
    /// The manifest file of a committed version.
    Manifest(VersionKey),
    /// A file of a run that is not deleted.
    RunFile(RunKey, LogicalPath),
}

/// Reads blobs. A blob is in use while an entry, a manifest or a file of a run refers to it.
pub trait BlobTable {
    /// Returns the sizes of the blobs under these keys, in order; `None` for unknown ones.
    fn blob_sizes(&self, keys: &[ContentKey]) -> Result<Vec<Option<u64>>, StoreError>;

    /// Returns the number of blobs, and their bytes.
    fn blob_totals(&self) -> Result<(u64, u64), StoreError>;

    /// Lists the blobs after `after`, in the order of their keys.
    fn blobs_after(
        &self,
        after: Option<BlobKey>,
        limit: u32,
    ) -> Result<Vec<StoredBlob>, StoreError>;

    /// Lists the blobs after `after` that are not in use, in the order of their keys.
    fn unused_blobs(
        &self,
        after: Option<BlobKey>,
        limit: u32,
    ) -> Result<Vec<StoredBlob>, StoreError>;

    /// Lists the uses of a blob, except by versions that are not committed.
    fn uses_of_blob(&self, blob: BlobKey) -> Result<Vec<BlobUse>, StoreError>;
}

/// Changes blobs.
pub trait BlobTableMut {
    /// Records that blobs are complete and durable; returns their rows in order.
    fn ensure_blobs(&mut self, blobs: &[(ContentKey, u64)]) -> Result<Vec<BlobRow>, StoreError>;

    /// Deletes those of the blobs that are not in use; returns the keys that are unknown afterwards.
    fn delete_unused_blobs(&mut self, keys: &[ContentKey]) -> Result<Vec<ContentKey>, StoreError>;
}

/// A file that is uploaded in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsRow {
    /// The manifest of the entry that it becomes the content of.
    pub manifest: ManifestKey,
    /// The path of the entry.
    pub path: LogicalPath,
    /// The announced digest of the whole.
    pub digest: ContentDigest,
    /// The announced size of the whole.
    pub size: Option<u64>,
}

/// Reads uploads in parts.
pub trait PartsTable {
    /// Finds an upload.
    fn parts_upload(&self, key: PartsKey) -> Result<Option<PartsRow>, StoreError>;

    /// Finds the MD5 of a part.
    fn part_md5(&self, key: PartsKey, number: u32) -> Result<Option<ContentDigest>, StoreError>;

    /// Returns the MD5s of all parts, in order.
    fn part_md5s(&self, key: PartsKey) -> Result<Vec<ContentDigest>, StoreError>;
}

/// Changes uploads in parts.
pub trait PartsTableMut {
    /// Inserts an upload, and the MD5s of its parts from number 1 on.
    fn insert_parts(
        &mut self,
        upload: &PartsRow,
        md5s: &[ContentDigest],
    ) -> Result<PartsKey, StoreError>;
}
