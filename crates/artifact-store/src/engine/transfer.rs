//! The engine as the place where bytes go.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ContentKey;
use artifact_core::ports::{
    BlobTransfer, DownloadTicket, Fetched, IngestWriter, TransferError, UploadBody, UploadTicket,
};
use async_trait::async_trait;

use super::ingest::Content;
use super::{Core, Engine};
use crate::StoreError;
use crate::tickets::{UploadTarget, downloaded_key};

/// A body that outlives the call.
enum OwnedBody {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Core {
    fn upload(self: &Arc<Self>, target: &UploadTarget, body: &OwnedBody) -> Result<(), StoreError> {
        let file;
        let content = match body {
            OwnedBody::Bytes(bytes) => Content::Bytes(bytes),
            OwnedBody::File(path) => {
                file = File::open(path).map_err(StoreError::io("open", path))?;
                Content::File { path, file: &file }
            }
        };
        match target {
            UploadTarget::File {
                manifest,
                path,
                digest,
                size,
            } => self.upload_file(*manifest, path, (digest, *size), &content),
            UploadTarget::Manifest { manifest, digest } => {
                self.upload_manifest(*manifest, digest, &content)
            }
            UploadTarget::RunFile { run, name } => self.upload_run_file(*run, name, &content),
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
            .ingest(source)
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
    ) -> Result<(), TransferError> {
        let target = UploadTarget::of_ticket(ticket).ok_or_else(|| self.foreign_ticket())?;
        let body = match body {
            UploadBody::File(path) => OwnedBody::File(path.to_path_buf()),
            UploadBody::Bytes(bytes) => OwnedBody::Bytes(bytes.to_vec()),
        };
        let sent = self.blocking(move |core| core.upload(&target, &body)).await;
        sent.map_err(|error| self.transfer_error(error))
    }

    async fn download(&self, ticket: &DownloadTicket) -> Result<Fetched, TransferError> {
        let key = downloaded_key(ticket).ok_or_else(|| self.foreign_ticket())?;
        let found = self.blocking(move |core| core.blobs.fetch(&key)).await;
        let found = found.map_err(|error| self.transfer_error(error))?;
        found.ok_or_else(|| TransferError::Gone {
            place: self.core.location.clone(),
        })
    }
}
