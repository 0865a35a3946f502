//! The engine as the place where bytes go.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ContentKey;
use artifact_core::ports::{
    BlobTransfer, DownloadTicket, Fetched, IngestWriter, OnSent, TransferError, UploadBody,
    UploadTicket,
};
use async_trait::async_trait;

use super::{Core, Engine};
use crate::StoreError;
use crate::tickets::{UploadTarget, downloaded_key};

/// A body that outlives the call.
enum OwnedBody {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Core {
    /// Takes a body, and returns how many bytes it had.
    fn upload(
        self: &Arc<Self>,
        target: &UploadTarget,
        body: &OwnedBody,
    ) -> Result<u64, StoreError> {
        match body {
            OwnedBody::Bytes(bytes) => self.receive_bytes(target, bytes),
            OwnedBody::File(path) => self.receive_file(target, path),
        }
    }

    /// Returns the file with the content under `key`, where there is one.
    pub(crate) fn content_path(&self, key: &ContentKey) -> Result<Option<PathBuf>, StoreError> {
        match self.blobs.fetch(key)? {
            None => Ok(None),
            Some(Fetched::File(path)) => Ok(Some(path)),
            Some(_) => Err(StoreError::rejected(
                "the content of this store is not in files",
            )),
        }
    }
}

impl Engine {
    fn transfer_error(&self, error: StoreError) -> TransferError {
        error.into_transfer(&self.core.location)
    }

    fn foreign_ticket(&self) -> TransferError {
        TransferError::ForeignTicket {
            place: self.core.location.clone(),
        }
    }
}

#[async_trait]
impl BlobTransfer for Engine {
    fn ingest(&self, source: &File) -> Result<Option<Box<dyn IngestWriter>>, TransferError> {
        let ingest = self
            .core
            .ingest(Some(source), None)
            .map_err(|error| self.transfer_error(error))?;
        Ok(Some(Box::new(ingest)))
    }

    fn ingest_bytes(&self, bytes: &[u8]) -> Result<Option<ContentKey>, TransferError> {
        let key = self.core.ingest_bytes(bytes);
        key.map(Some).map_err(|error| self.transfer_error(error))
    }

    async fn upload(
        &self,
        ticket: &UploadTicket,
        body: UploadBody<'_>,
        on_sent: OnSent<'_>,
    ) -> Result<(), TransferError> {
        let target = UploadTarget::of_ticket(ticket).ok_or_else(|| self.foreign_ticket())?;
        let body = match body {
            UploadBody::File(path) => OwnedBody::File(path.to_path_buf()),
            UploadBody::Bytes(bytes) => OwnedBody::Bytes(bytes.to_vec()),
        };
        let sent = self.blocking(move |core| core.upload(&target, &body)).await;
        on_sent(sent.map_err(|error| self.transfer_error(error))?);
        Ok(())
    }

    async fn download(
        &self,
        ticket: &DownloadTicket,
        _range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError> {
        let key = downloaded_key(ticket).ok_or_else(|| self.foreign_ticket())?;
        let found = self.blocking(move |core| core.blobs.fetch(&key)).await;
        let found = found.map_err(|error| self.transfer_error(error))?;
        found.ok_or_else(|| TransferError::Gone {
            place: self.core.location.clone(),
        })
    }
}
