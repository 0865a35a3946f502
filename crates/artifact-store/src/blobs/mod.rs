//! The port for content: bytes under places that the store chooses.
//!
//! [`BlobStore`] is what the engine asks of a place for bytes: a folder, memory, or an object store. It is written in
//! the engine's words and names no driver. Files and paths occur in [`LocalContent`] alone, which a store offers only
//! where its content is in local files. Drafts on disk, direct I/O, clones, locks and journals are an adapter's own.

mod direct_urls;
mod local;
mod parts;
mod place;
mod writers;

use std::fmt;
use std::io::Read;
use std::ops::Range;

use artifact_core::ContentKey;

use crate::StoreError;

pub use direct_urls::{DirectUrl, DirectUrls};
pub use local::{LocalContent, LocalDraft, LocalDrafts};
pub use parts::{PartDraft, PartId, PartStore};
pub use place::{BlobRef, Place};
pub use writers::{BlobWriter, Recovery, RecoveryFn, UnusedFn, WriterRegistry};

/// Stores content, each under a [`Place`] of its own.
///
/// The methods block, and may be called from any thread.
///
/// # Contract
/// * Content that was put is whole: a reader gets all of the bytes that were appended, and no others.
/// * What was put before a successful [`barrier`](Self::barrier) survives a power loss. After a failed one, nothing that
///   was put since the last successful barrier counts, and the engine commits none of it.
/// * What a reader finds at a place says nothing by itself: content counts once the engine has a row for it, and a row
///   is written only after a barrier.
/// * Content at a place never changes. Putting content that is stored already is harmless, also while others read or
///   put it; damaged content is replaced.
/// * A draft that is dropped leaves nothing behind.
/// * `delete` of places without content is no error. Content that is being read when it is deleted is read to its end,
///   or the reader gets an error.
/// * `list` calls back once for each place with the prefix, in no particular order; content that is put or deleted
///   meanwhile may or may not be listed.
pub trait BlobStore: WriterRegistry + PartStore + fmt::Debug + Send + Sync + 'static {
    /// Makes everything that was put before the call survive a power loss.
    ///
    /// # Errors
    /// When that cannot be promised; nothing that was put since the last successful barrier counts then.
    fn barrier(&self) -> Result<(), StoreError>;

    /// Returns the size of the content at `place` in bytes; `None` where there is none.
    ///
    /// # Errors
    /// When the store cannot be asked.
    fn size(&self, place: &Place) -> Result<Option<u64>, StoreError>;

    /// Opens the bytes of `range` of the content at `place`; `None` where there is none. A range that begins or ends
    /// behind the end of the content is cut off there.
    ///
    /// # Errors
    /// When the content cannot be opened.
    fn get(&self, place: &Place, range: Range<u64>) -> Result<Option<BlobReader>, StoreError>;

    /// Calls `each` for all places whose names begin with `prefix`. Drafts and parts are not listed.
    ///
    /// # Errors
    /// When the store cannot be listed, and the errors of `each`, at the first of which the listing ends.
    fn list(
        &self,
        prefix: &str,
        each: &mut dyn FnMut(ListedBlob) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Deletes the content at these places.
    ///
    /// # Errors
    /// When one of them cannot be deleted; others may be gone then.
    fn delete(&self, places: &[Place]) -> Result<(), StoreError>;

    /// URLs under which clients reach the content without the engine; `None` where there are none.
    fn direct(&self) -> Option<&dyn DirectUrls>;

    /// The content as local files; `None` where it is not in local files.
    fn local(&self) -> Option<&dyn LocalContent>;
}

const _: fn(&dyn BlobStore) = |_| ();

/// Reads stored content from its first byte, or from the first byte of a range.
pub type BlobReader = Box<dyn Read + Send>;

/// Content that is being written: it gets a place once all of it is written and its key is known.
pub trait BlobDraft: Send {
    /// Appends `bytes`.
    ///
    /// # Errors
    /// When they cannot be written, for instance because the disk is full.
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError>;

    /// Stores what was appended, whose SHA-256 is `key`, and returns its place. Durable after the next
    /// [`barrier`](BlobStore::barrier).
    ///
    /// # Errors
    /// When it cannot be stored.
    fn put(self: Box<Self>, key: &ContentKey) -> Result<Place, StoreError>;
}

/// Content as [`BlobStore::list`] reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedBlob {
    /// Its place.
    pub place: Place,
    /// Its size in bytes.
    pub size: u64,
    /// The entity tag of an object store: can be compared, but proves nothing about the content.
    pub etag: Option<String>,
}

impl ListedBlob {
    /// Returns content of `size` bytes at `place`, without an entity tag.
    #[must_use]
    pub const fn new(place: Place, size: u64) -> Self {
        Self {
            place,
            size,
            etag: None,
        }
    }
}
