//! The port for moving bytes to and from a registry.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;

use crate::ContentKey;

/// Any error of an adapter's own driver.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Content as a stream of chunks; dropping it cancels the transfer behind it.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, TransferError>> + Send>>;

/// A registry's permission to upload content; only the transfer adapter of that registry can read it.
///
/// It may authorise its holder, so its locator is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadTicket {
    /// A URL or a key, in the words of the adapter.
    pub locator: String,
    /// Headers to send with it, in order.
    pub headers: Vec<(String, String)>,
}

impl fmt::Debug for UploadTicket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UploadTicket(..)")
    }
}

/// A registry's permission to download content; only the transfer adapter of that registry can read it.
///
/// It may authorise its holder, so its locator is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct DownloadTicket {
    /// A URL or a key, in the words of the adapter.
    pub locator: String,
}

impl fmt::Debug for DownloadTicket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DownloadTicket(..)")
    }
}

/// Hears how many more bytes of a body have been sent. Called from where bytes are moved, so it must not block.
pub type OnSent<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// The body of an upload.
#[derive(Debug, Clone, Copy)]
pub enum UploadBody<'a> {
    /// The bytes of a local file.
    File(&'a Path),
    /// Bytes in memory.
    Bytes(&'a [u8]),
}

/// Downloaded content.
#[non_exhaustive]
pub enum Fetched {
    /// A local file that the receiver reads or clones, and never changes.
    File(PathBuf),
    /// Chunks as they arrive.
    Stream(ByteStream),
}

impl fmt::Debug for Fetched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Stream(_) => formatter.write_str("Stream(..)"),
        }
    }
}

/// Takes content while somebody else hashes it, so that one read of a file does both.
///
/// # Contract
/// * What was written is kept under the returned key once `finish` has returned, and not a byte of it before.
/// * Dropping a writer instead of finishing it leaves nothing behind.
/// * Where `clone_of_source` gives a file, its bytes are what is kept: whoever hashes reads them from there, and still
///   calls `write` with each, in order, so that the key can be computed.
pub trait IngestWriter: Send {
    /// Returns the copy that the file system made of the source without copying bytes, where it could.
    fn clone_of_source(&self) -> Option<&File>;

    /// Appends `bytes`.
    ///
    /// # Errors
    /// When they cannot be written, for instance because the disk is full.
    fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError>;

    /// Keeps what was written, and returns the key it is kept under.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn finish(self: Box<Self>) -> Result<ContentKey, TransferError>;
}

/// Bytes to and from the place that a registry's ticket names.
///
/// # Contract
/// * `ingest` and `ingest_bytes` give keys that the registry of the same adapter accepts as
///   [`stored_as`](super::UploadSpec::stored_as); an adapter that must ask its registry first gives `None`.
/// * `upload` sends the whole body, or fails; sending the same body again is harmless.
/// * `upload` tells how many more bytes it has sent as often as it likes: of each byte at least once before it returns,
///   and again of those that it has to send again.
/// * `download` of content that is gone is [`TransferError::Gone`]. [`Fetched::File`] is the whole content, whatever
///   range was asked for; [`Fetched::Stream`] is the range and no byte more.
/// * A ticket that no longer works where a new one would is [`TransferError::Expired`].
#[async_trait]
pub trait BlobTransfer: fmt::Debug + Send + Sync + 'static {
    /// Opens a writer that takes the content of `source` while it is hashed, where this adapter can take any before it
    /// is asked for.
    ///
    /// Called from threads that may block.
    ///
    /// # Errors
    /// When nothing can be written.
    fn ingest(&self, source: &File) -> Result<Option<Box<dyn IngestWriter>>, TransferError>;

    /// Takes content that is wholly in memory; as `ingest`, `write` and `finish` in one, but cheaper.
    ///
    /// Called from threads that may block.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn ingest_bytes(&self, bytes: &[u8]) -> Result<Option<ContentKey>, TransferError>;

    /// Sends `body` where `ticket` says, and tells `on_sent` of the bytes on their way.
    async fn upload(
        &self,
        ticket: &UploadTicket,
        body: UploadBody<'_>,
        on_sent: OnSent<'_>,
    ) -> Result<(), TransferError>;

    /// Opens the content that `ticket` names, or the bytes of it that `range` names, from its start up to but not
    /// including its end. Nothing about it is verified yet.
    async fn download(
        &self,
        ticket: &DownloadTicket,
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError>;
}

const _: fn(&dyn BlobTransfer) = |_| ();

/// The error of an upload or download.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The ticket names content that is not there.
    #[error("the content is gone from {place}")]
    Gone {
        /// The location, without secrets.
        place: String,
    },
    /// The ticket has expired; the registry can give a new one.
    #[error("the permission to move bytes to or from {place} has expired")]
    Expired {
        /// The location, without secrets.
        place: String,
    },
    /// The content does not have the digest or length it was announced with.
    #[error("the content from {place} does not have the requested digest or length")]
    Corrupt {
        /// The location, without secrets.
        place: String,
    },
    /// The ticket was not made by this adapter's registry.
    #[error("this ticket is not one of {place}")]
    ForeignTicket {
        /// The adapter's name.
        place: String,
    },
    /// Reading or writing failed.
    #[error("moving bytes to or from {place} failed")]
    Backend {
        /// The location, without secrets.
        place: String,
        /// The error of the driver.
        source: BoxError,
    },
}
