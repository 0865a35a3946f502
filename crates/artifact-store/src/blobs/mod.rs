//! The port for blobs: content by the SHA-256 of its bytes.

mod direct;
mod draft;
mod durability;
mod folder;
mod path;

use std::fmt;
use std::fs::File;
use std::io::Read;

use artifact_core::ContentKey;
use artifact_core::ports::Fetched;

use crate::StoreError;

pub(crate) use folder::FolderBlobs;

/// Content by key, where the key is the SHA-256 of the content.
///
/// # Contract
/// * Content that was placed is whole when `place` returns, and survives a power loss when the next `sync` has
///   returned. Until then nothing may rely on it: what a reader finds under a key says nothing.
/// * Placing content that is there already is harmless, also while others read or place it; damaged content under its
///   key is replaced.
/// * A draft that is dropped leaves nothing behind.
pub(crate) trait BlobStore: fmt::Debug + Send + Sync + 'static {
    /// Opens a draft: content whose key is known once it has been written. It may start as a clone of `source`.
    /// `length` is how long it will be, as far as anybody says: it may turn out otherwise.
    fn draft(
        &self,
        source: Option<&File>,
        length: Option<u64>,
    ) -> Result<Box<dyn BlobDraft>, StoreError>;

    /// Stores `bytes` under their key.
    fn place(&self, key: &ContentKey, bytes: &[u8]) -> Result<(), StoreError>;

    /// Whether something of this size is stored under `key`.
    fn holds(&self, key: &ContentKey, size: u64) -> Result<bool, StoreError>;

    /// Returns where the content can be had; `None` where nothing is stored under `key`.
    fn fetch(&self, key: &ContentKey) -> Result<Option<Fetched>, StoreError>;

    /// Opens the content for reading.
    fn read(&self, key: &ContentKey) -> Result<Box<dyn Read>, StoreError>;

    /// Removes the content, if it is there.
    fn delete(&self, key: &ContentKey) -> Result<(), StoreError>;

    /// Removes the drafts of all writers, dead and alive.
    fn clear_drafts(&self) -> Result<(), StoreError>;

    /// Makes everything that was placed before the call survive a power loss.
    fn sync(&self) -> Result<(), StoreError>;
}

/// Content that is being written.
pub(crate) trait BlobDraft: Send {
    /// Returns the file that already holds the source's content, where the file system could clone it.
    fn clone_of_source(&self) -> Option<&File>;

    /// Appends `bytes`; not to be called on a clone.
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Stores what was written under its key.
    fn place(self: Box<Self>, key: &ContentKey) -> Result<(), StoreError>;
}
