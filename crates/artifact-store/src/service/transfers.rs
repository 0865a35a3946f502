//! Uploads and downloads of content, as a server streams them.

use std::ops::Range;
use std::sync::Arc;

use artifact_core::ContentDigest;
use artifact_core::ports::{DownloadTicket, UploadTicket};

use super::Service;
use crate::StoreError;
use crate::blobs::{BlobReader, Place};
use crate::engine::{Core, IncomingUpload};
use crate::ids::artifact_id;
use crate::metadata::MetadataStoreExt as _;
use crate::tickets::{UploadTarget, downloaded_key};

/// Takes the bytes that a ticket is for. Dropped instead of finished, it leaves nothing behind.
#[derive(Debug)]
pub struct Receiver {
    upload: IncomingUpload,
}

/// Bytes that were taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The number of bytes.
    pub size: u64,
    /// Their MD5.
    pub md5: ContentDigest,
}

/// A part of a file that is sent in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartSpec {
    /// Its number, from 1.
    pub number: u32,
    /// The MD5 of its bytes.
    pub md5: ContentDigest,
}

/// A file that is sent in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsUpload {
    /// The id that completes the upload when all parts are sent.
    pub id: String,
    /// A ticket for each part, in the order of the request.
    pub tickets: Vec<UploadTicket>,
}

impl Service {
    /// Opens a receiver for what `ticket` is for: a file of a version, a manifest, a part, a file of a run. The ticket
    /// is the authority, whoever the caller is.
    ///
    /// # Errors
    /// [`RegistryError::Rejected`](artifact_core::ports::RegistryError::Rejected) where it is not a ticket of this
    /// store, or what it is for no longer waits for bytes, or `length` is known to be wrong; and when the store fails.
    pub fn receive(
        &self,
        ticket: &UploadTicket,
        length: Option<u64>,
    ) -> Result<Receiver, StoreError> {
        let upload = self.core.receive(&self.target_of(ticket)?, length)?;
        Ok(Receiver { upload })
    }

    /// Begins a file of a version that is sent in parts; `ticket` is the one for the whole of it.
    ///
    /// # Errors
    /// When the numbers are not 1, 2, 3, …, at most 10,000, and as [`Self::receive`].
    pub fn begin_parts(
        &self,
        ticket: &UploadTicket,
        parts: &[PartSpec],
    ) -> Result<PartsUpload, StoreError> {
        self.core.begin_parts(self.target_of(ticket)?, parts)
    }

    /// Puts the parts of a file together, checks the whole, and makes it the content that its ticket was for. Doing so
    /// again changes nothing. Returns the digest of the whole.
    ///
    /// # Errors
    /// When the caller may not, when a part is missing, has another MD5 than it was announced with or than the caller says now, when the whole
    /// does not have its digest, and when the store fails.
    pub fn finish_parts(&self, id: &str, parts: &[PartSpec]) -> Result<ContentDigest, StoreError> {
        self.core.metadata.reading(|rows| {
            let version = Core::version_of_parts(rows, id)?;
            self.version_to_change(rows, &artifact_id(version))
        })?;
        self.core.finish_parts(id, parts)
    }

    fn target_of(&self, ticket: &UploadTicket) -> Result<UploadTarget, StoreError> {
        UploadTarget::of_ticket(ticket).ok_or_else(|| self.foreign_ticket())
    }

    pub(super) fn foreign_ticket(&self) -> StoreError {
        StoreError::rejected(format!("this ticket is not one of {}", self.core.location))
    }
}

impl Receiver {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// When there are more than were announced, and when they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.upload.write(bytes)
    }

    /// Whether [`Self::finish`] will take seconds, and no less if several finish at once: for a large manifest. Whoever
    /// has few threads for what blocks then lets one or two of them wait, and not all.
    #[must_use]
    pub fn is_slow_to_finish(&self) -> bool {
        self.upload.is_slow_to_finish()
    }

    /// Checks what was written against what the ticket says, and makes it count. What it stands for is durable when
    /// this returns.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where length or digest differ, and when the store fails.
    pub fn finish(self) -> Result<Received, StoreError> {
        self.upload.finish()
    }
}

// A handler hands it from thread to thread.
const _: fn() = || {
    fn is_sent<T: Send + 'static>() {}
    is_sent::<Receiver>();
};

/// Stored content that can be read.
pub struct Download {
    core: Arc<Core>,
    place: Place,
    size: u64,
}

impl Service {
    /// Finds the content that a ticket names; `None` where it is gone. The ticket is the authority, whoever the caller
    /// is.
    ///
    /// # Errors
    /// [`RegistryError::Rejected`](artifact_core::ports::RegistryError::Rejected) where it is not a ticket of this
    /// store, and when the store fails.
    pub fn download(&self, ticket: &DownloadTicket) -> Result<Option<Download>, StoreError> {
        let key = downloaded_key(ticket).ok_or_else(|| self.foreign_ticket())?;
        let place = Place::of_content(&key);
        let size = self.core.blobs.size(&place)?;
        Ok(size.map(|size| Download {
            core: Arc::clone(&self.core),
            place,
            size,
        }))
    }
}

impl Download {
    /// Returns its size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Opens the bytes of `range`; `None` where the content has been deleted since it was found.
    ///
    /// # Errors
    /// When the content cannot be opened.
    pub fn open(&self, range: Range<u64>) -> Result<Option<BlobReader>, StoreError> {
        self.core.blobs.get(&self.place, range)
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Download")
            .field("place", &self.place)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
