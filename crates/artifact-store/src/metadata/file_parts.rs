//! Files that arrive in parts.

use artifact_core::{ContentDigest, LogicalPath};

use super::{FilePartsKey, ManifestKey};
use crate::StoreError;

/// A file that arrives in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePartsRow {
    /// The entry that it is to be the content of.
    pub(crate) manifest: ManifestKey,
    pub(crate) path: LogicalPath,
    /// What was announced of the whole.
    pub(crate) digest: ContentDigest,
    pub(crate) size: Option<u64>,
}

/// What can be asked of files in parts.
pub(crate) trait FilePartsTable {
    /// Returns a file that arrives in parts.
    fn parts_upload(&self, key: FilePartsKey) -> Result<Option<FilePartsRow>, StoreError>;

    /// Returns the MD5 of a part.
    fn part_md5(&self, key: FilePartsKey, number: u32)
    -> Result<Option<ContentDigest>, StoreError>;

    /// Returns the MD5s of all parts, in their order.
    fn part_md5s(&self, key: FilePartsKey) -> Result<Vec<ContentDigest>, StoreError>;
}

/// What can be done to files in parts. They go with their manifest.
pub(crate) trait FilePartsTableMut {
    /// Inserts a file, and the MD5s of its parts from number 1 on.
    fn insert_parts(
        &mut self,
        upload: &FilePartsRow,
        md5s: &[ContentDigest],
    ) -> Result<FilePartsKey, StoreError>;
}
