//! Reading stored content.

use std::fs::File;
use std::io;

use artifact_core::ports::DownloadTicket;

use super::Service;
use crate::StoreError;
use crate::tickets::downloaded_key;

impl Service {
    /// Opens the content that a ticket names, and says how long it is; `None` where it is gone. The ticket is the
    /// authority, whoever the caller is.
    ///
    /// # Errors
    /// [`RegistryError::Rejected`](artifact_core::ports::RegistryError::Rejected) where it is not a ticket of this
    /// store, and when the content cannot be read.
    pub fn open_content(&self, ticket: &DownloadTicket) -> Result<Option<(File, u64)>, StoreError> {
        let key = downloaded_key(ticket).ok_or_else(|| self.foreign_ticket())?;
        let Some(path) = self.core.content_path(&key)? else {
            return Ok(None);
        };
        let opened = File::open(&path).and_then(|file| {
            let size = file.metadata()?.len();
            Ok((file, size))
        });
        match opened {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("open", path)(error)),
        }
    }
}
