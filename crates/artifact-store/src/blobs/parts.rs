//! Parts of large files that arrive separately.

use super::BlobReader;
use crate::StoreError;

/// The name of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartId {
    /// The group of uploads whose parts are deleted together: those of one version.
    pub group: i64,
    /// The upload, unique in the store.
    pub upload: i64,
    /// The number of the part within the upload.
    pub number: u32,
}

/// Keeps parts of uploads until the engine has joined them.
///
/// # Contract
/// * Parts of one upload arrive in any order, from any writer; a part that is kept again replaces the earlier one.
/// * A part is whole and durable when [`PartDraft::keep`] returns. Whether it still counts is the engine's to know.
/// * A draft that is dropped leaves nothing behind.
/// * Deleting what is not there is no error.
pub trait PartStore {
    /// Opens a draft of a part.
    ///
    /// # Errors
    /// When nothing can be written.
    fn part_draft(&self) -> Result<Box<dyn PartDraft>, StoreError>;

    /// Opens a part; `None` where it has not arrived.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open_part(&self, part: &PartId) -> Result<Option<BlobReader>, StoreError>;

    /// Deletes a part.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn delete_part(&self, part: &PartId) -> Result<(), StoreError>;

    /// Deletes all parts of a group.
    ///
    /// # Errors
    /// When one of them cannot be deleted.
    fn delete_part_group(&self, group: i64) -> Result<(), StoreError>;

    /// Returns the groups that have parts.
    ///
    /// # Errors
    /// When the store cannot be listed.
    fn part_groups(&self) -> Result<Vec<i64>, StoreError>;
}

/// A part that is being written.
pub trait PartDraft: Send {
    /// Appends `bytes`.
    ///
    /// # Errors
    /// When they cannot be written, for instance because the disk is full.
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Keeps what was appended as `part`, in place of an earlier one.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep(self: Box<Self>, part: &PartId) -> Result<(), StoreError>;
}
