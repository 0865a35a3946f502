//! Content in local files: the only part of the port that names files and paths.

use std::fs::File;
use std::path::PathBuf;

use artifact_core::ContentKey;

use super::Place;
use crate::StoreError;

/// The content of a store whose content is in local files.
///
/// # Contract
/// * `path` names a file that holds the whole content. Readers read or clone it, and never change it.
pub trait LocalContent: Send + Sync {
    /// Returns the file with the content at `place`; `None` where there is none.
    ///
    /// # Errors
    /// When the file system cannot be asked.
    fn path(&self, place: &Place) -> Result<Option<PathBuf>, StoreError>;
}

/// Drafts that begin with the content of a local file.
///
/// # Contract
/// * A clone shares the blocks of `source` and copies no bytes. Later changes of `source` do not change the clone.
/// * A draft that is dropped leaves nothing behind.
pub trait LocalDrafts {
    /// Opens a draft that is a clone of `source`; `None` where the file system cannot clone it.
    ///
    /// # Errors
    /// When the clone cannot be opened.
    fn clone_of(&self, source: &File) -> Result<Option<Box<dyn LocalDraft>>, StoreError>;
}

/// A draft whose content is a clone of a local file.
pub trait LocalDraft: Send {
    /// Returns the clone, for computing its key.
    fn file(&self) -> &File;

    /// Stores the clone, whose SHA-256 is `key`, and returns its place. Durable after the next
    /// [`barrier`](super::BlobStore::barrier).
    ///
    /// # Errors
    /// When it cannot be stored.
    fn put(self: Box<Self>, key: &ContentKey) -> Result<Place, StoreError>;
}
