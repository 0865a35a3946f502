//! The engine as the place where bytes go.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ContentKey;
use artifact_core::ports::{
    BlobTransfer, ByteStream, DownloadTicket, Fetched, IngestWriter, OnSent, TransferError,
    UploadBody, UploadTicket,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::try_unfold;

use super::{Core, Engine};
use crate::StoreError;
use crate::blobs::{BlobReader, Place};
use crate::tickets::{UploadTarget, downloaded_key};

/// The size of the pieces in which content is streamed, in bytes.
const PIECE: usize = 256 << 10;

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

    /// Returns the file with the content under `key`; `None` where there is no such content, or it is not in a file.
    pub(crate) fn content_path(&self, key: &ContentKey) -> Result<Option<PathBuf>, StoreError> {
        match self.blobs.local() {
            Some(local) => local.path(&Place::of_content(key)),
            None => Ok(None),
        }
    }

    /// Opens content that a row says is stored.
    pub(super) fn stored_content(&self, key: &ContentKey) -> Result<BlobReader, StoreError> {
        let content = self.blobs.get(&Place::of_content(key), 0..u64::MAX)?;
        content.ok_or_else(|| StoreError::rejected(format!("the content {key} is gone")))
    }

    /// Opens content for a download: as a file where there is one, otherwise the bytes of `range`.
    fn fetch(
        self: &Arc<Self>,
        key: &ContentKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<Fetched>, StoreError> {
        if self.blobs.local().is_some() {
            return Ok(self.content_path(key)?.map(Fetched::File));
        }
        let range = range.unwrap_or(0..u64::MAX);
        let content = self.blobs.get(&Place::of_content(key), range)?;
        Ok(content.map(|content| Fetched::Stream(stream(content, self.location.clone()))))
    }
}

/// Reads content where that may block, one piece after the other.
fn stream(content: BlobReader, place: String) -> ByteStream {
    let pieces = try_unfold(content, move |content| {
        let failed = transfer_failed(place.clone());
        async move {
            let read = tokio::task::spawn_blocking(move || read_piece(content)).await;
            match read.map_err(io::Error::other).flatten() {
                Ok((piece, _)) if piece.is_empty() => Ok(None),
                other => other.map(Some).map_err(failed),
            }
        }
    });
    Box::pin(pieces)
}

fn transfer_failed(place: String) -> impl FnOnce(io::Error) -> TransferError {
    move |source| TransferError::Backend {
        place,
        source: source.into(),
    }
}

fn read_piece(mut content: BlobReader) -> io::Result<(Bytes, BlobReader)> {
    let mut piece = vec![0; PIECE];
    let length = content.read(&mut piece)?;
    piece.truncate(length);
    Ok((piece.into(), content))
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
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError> {
        let key = downloaded_key(ticket).ok_or_else(|| self.foreign_ticket())?;
        let found = self.blocking(move |core| core.fetch(&key, range)).await;
        let found = found.map_err(|error| self.transfer_error(error))?;
        found.ok_or_else(|| TransferError::Gone {
            place: self.core.location.clone(),
        })
    }
}
