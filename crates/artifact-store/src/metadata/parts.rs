//! Files that arrive in parts.

use artifact_core::{ContentDigest, LogicalPath};

use super::{ManifestKey, PartsKey};
use crate::StoreError;

/// A file that arrives in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartsRow {
    /// The entry that it is to be the content of.
    pub(crate) manifest: ManifestKey,
    pub(crate) path: LogicalPath,
    /// What was announced of the whole.
    pub(crate) digest: ContentDigest,
    pub(crate) size: Option<u64>,
}

/// What can be asked of files in parts.
pub(crate) trait PartsTable {
    /// Returns a file that arrives in parts.
    fn parts_upload(&self, key: PartsKey) -> Result<Option<PartsRow>, StoreError>;

    /// Returns the MD5 of a part.
    fn part_md5(&self, key: PartsKey, number: u32) -> Result<Option<ContentDigest>, StoreError>;

    /// Returns the MD5s of all parts, in their order.
    fn part_md5s(&self, key: PartsKey) -> Result<Vec<ContentDigest>, StoreError>;
}

/// What can be done to files in parts. They go with their manifest.
pub(crate) trait PartsTableMut {
    /// Inserts a file, and the MD5s of its parts from number 1 on.
    fn insert_parts(
        &mut self,
        upload: &PartsRow,
        md5s: &[ContentDigest],
    ) -> Result<PartsKey, StoreError>;
}
