//! Writers of a store, and recovery of what dead ones leave behind.
//!
//! Content is put before the engine has a row for it. If the writer dies in between, nothing refers to the content: it
//! is an *orphan*. So a store records what may be an orphan before the content appears, and the first writer that finds
//! no other alive frees what turns out to be one.

use std::fmt;

use artifact_core::ContentKey;

use super::{BlobDraft, BlobRef, LocalDrafts, Place};
use crate::StoreError;

/// Recovers a store while no writer is registered.
pub type RecoveryFn<'a> = dyn FnMut(&dyn Recovery) -> Result<(), StoreError> + 'a;

/// Returns the places of those of the blobs that nothing refers to.
pub type UnusedFn<'a> = dyn FnMut(&[BlobRef]) -> Result<Vec<Place>, StoreError> + 'a;

/// Knows the writers of one store, across processes.
///
/// # Contract
/// * Recovery runs only while no writer is registered, and no writer can register while it runs. A writer that dies is
///   not registered any more.
/// * A failed recovery keeps its records, so that the next one sees them again.
pub trait WriterRegistry {
    /// Registers a writer. Where no other is registered, `recover` runs first.
    ///
    /// # Errors
    /// When the writer cannot be registered, and the errors of `recover`.
    fn register_writer(
        &self,
        recover: &mut RecoveryFn<'_>,
    ) -> Result<Box<dyn BlobWriter>, StoreError>;

    /// Runs `recover` if no writer is registered, and returns whether it ran.
    ///
    /// # Errors
    /// When the store cannot be asked, and the errors of `recover`.
    fn recover_if_unused(&self, recover: &mut RecoveryFn<'_>) -> Result<bool, StoreError>;

    /// Records content that may be an orphan, for the next recovery. Needs no registered writer.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn record_orphans(&self, blobs: &[BlobRef]) -> Result<(), StoreError>;
}

/// A registered writer: stores content, and records what may be an orphan until the engine commits it.
///
/// # Contract
/// * Content is recorded as a possible orphan before it appears in the store. The record survives the end of the
///   process; it need not survive a power loss, after which content without a record may stay for good.
/// * A writer that is dropped without [`leave`](Self::leave) counts as dead.
pub trait BlobWriter: fmt::Debug + Send + Sync {
    /// Opens a draft: content whose key is known once it is written. `size_hint` is the expected size, which may turn
    /// out wrong.
    ///
    /// # Errors
    /// When nothing can be written.
    fn draft(&self, size_hint: Option<u64>) -> Result<Box<dyn BlobDraft>, StoreError>;

    /// Stores `bytes`, whose SHA-256 is `key`, and returns their place; as a draft, but cheaper.
    ///
    /// # Errors
    /// When they cannot be stored.
    fn put(&self, key: &ContentKey, bytes: &[u8]) -> Result<Place, StoreError>;

    /// Drafts that are clones of local files; `None` where the content is not in local files.
    fn local(&self) -> Option<&dyn LocalDrafts>;

    /// Records stored content that may have become an orphan: something stopped referring to it.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn record_orphan(&self, blob: &BlobRef) -> Result<(), StoreError>;

    /// Offers to drop records of this writer that are no longer needed: all but those of the keys that `unsettled`
    /// returns. The store calls it, and keeps nothing but those, only where that frees much.
    ///
    /// # Errors
    /// When the records cannot be rewritten; all of them are kept then.
    fn compact(&self, unsettled: &mut dyn FnMut() -> Vec<ContentKey>) -> Result<(), StoreError>;

    /// Ends the writer. Where `is_settled`, its records are dropped. Otherwise they are kept, and `recover` runs if no
    /// other writer is registered.
    ///
    /// # Errors
    /// When the records cannot be dropped, and the errors of `recover`.
    fn leave(
        self: Box<Self>,
        is_settled: bool,
        recover: &mut RecoveryFn<'_>,
    ) -> Result<(), StoreError>;
}

/// A store while no writer is registered.
pub trait Recovery {
    /// Deletes the drafts of dead writers.
    ///
    /// # Errors
    /// When one of them cannot be deleted.
    fn delete_drafts(&self) -> Result<(), StoreError>;

    /// Frees orphans: hands what is recorded to `unused` in batches, deletes the places that it returns, and at the end
    /// drops the records. Returns the number of deleted places.
    ///
    /// # Errors
    /// When the store fails, and the errors of `unused`; the records are kept then.
    fn free_orphans(&self, unused: &mut UnusedFn<'_>) -> Result<u64, StoreError>;
}
