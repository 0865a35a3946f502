//! Reading stored content.

use std::ops::Range;
use std::sync::Arc;

use artifact_core::ports::DownloadTicket;

use super::Service;
use crate::StoreError;
use crate::blobs::{BlobReader, Place};
use crate::engine::Core;
use crate::tickets::downloaded_key;

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
