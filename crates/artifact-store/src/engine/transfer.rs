//! The transfer port: content on its way into the store, and out of it.

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
use sha2::{Digest as _, Sha256};

use super::{Core, Engine};
use crate::StoreError;
use crate::blobs::{BlobDraft, BlobReader, LocalDraft, Place};
use crate::metadata::MetadataStoreExt as _;
use crate::tickets::{UploadTarget, downloaded_key};

/// The size of the chunks in which content is read, in bytes.
const CHUNK_SIZE: usize = 256 << 10;

/// A body that outlives the call.
enum OwnedBody {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Core {
    /// Uploads a body, and returns its size in bytes.
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
    let mut piece = vec![0; CHUNK_SIZE];
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

/// Content that is in the store.
#[derive(Debug, Clone, Copy)]
pub(super) struct IngestedContent {
    pub(super) key: ContentKey,
    pub(super) size: u64,
}

impl Core {
    /// Ingests content from memory.
    pub(super) fn ingest_bytes(&self, bytes: &[u8]) -> Result<ContentKey, StoreError> {
        let writer = self.writer()?;
        let key = ContentKey::from_bytes(Sha256::digest(bytes).into());
        if writer.size_of_put(&key).is_none() {
            writer.put(key, bytes)?;
        }
        Ok(key)
    }

    /// Opens a writer for content: that of `source`, if it is a file, or about `size_hint` bytes.
    pub(super) fn ingest(
        self: &Arc<Self>,
        source: Option<&File>,
        size_hint: Option<u64>,
    ) -> Result<Ingest, StoreError> {
        Ok(Ingest {
            draft: self.ingest_draft(source, size_hint)?,
            core: Arc::clone(self),
            hasher: Sha256::new(),
            size: 0,
        })
    }

    fn ingest_draft(
        &self,
        source: Option<&File>,
        size_hint: Option<u64>,
    ) -> Result<IngestDraft, StoreError> {
        let writer = self.writer()?;
        let clone = match (source, writer.local()) {
            (Some(source), Some(local)) => local.clone_of(source)?,
            _ => None,
        };
        if let Some(clone) = clone {
            return Ok(IngestDraft::Clone(clone));
        }
        let size_hint = match source {
            Some(source) => source.metadata().ok().map(|it| it.len()),
            None => size_hint,
        };
        Ok(IngestDraft::Written(writer.draft(size_hint)?))
    }

    /// Whether the content under `key` is stored, and has that key.
    pub(super) fn is_intact(&self, key: &ContentKey, size: u64) -> Result<bool, StoreError> {
        let place = Place::of_content(key);
        if self.blobs.size(&place)? != Some(size) {
            return Ok(false);
        }
        let Some(mut content) = self.blobs.get(&place, 0..u64::MAX)? else {
            return Ok(false);
        };
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; CHUNK_SIZE];
        loop {
            match content
                .read(&mut buffer)
                .map_err(StoreError::io("read", "stored content"))?
            {
                0 => return Ok(ContentKey::from_bytes(hasher.finalize().into()) == *key),
                length => hasher.update(&buffer[..length]),
            }
        }
    }
}

/// Content that is being ingested.
pub(super) struct Ingest {
    core: Arc<Core>,
    draft: IngestDraft,
    hasher: Sha256,
    size: u64,
}

/// The bytes of an [`Ingest`].
enum IngestDraft {
    Written(Box<dyn BlobDraft>),
    /// All of them are there already.
    Clone(Box<dyn LocalDraft>),
}

impl Ingest {
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        match &mut self.draft {
            IngestDraft::Written(draft) => draft.append(bytes),
            IngestDraft::Clone(_) => Ok(()),
        }
    }

    /// Returns the number of bytes that have been taken.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn keep(self) -> Result<IngestedContent, StoreError> {
        if let IngestDraft::Clone(clone) = &self.draft {
            let metadata = clone.file().metadata();
            let metadata =
                metadata.map_err(StoreError::io("look at", "a temporary file of the store"))?;
            // The key is not that of the bytes of the clone.
            if metadata.len() != self.size {
                return Err(StoreError::Corrupt);
            }
        }
        let writer = self.core.writer()?;
        let key = ContentKey::from_bytes(self.hasher.finalize().into());
        let size = self.size;
        let taken = IngestedContent { key, size };
        if writer.size_of_put(&key).is_some() {
            return Ok(taken);
        }
        let known = self.core.metadata.reading(|rows| rows.blob_sizes(&[key]))?;
        // Stored content is read again before it is used in place of the new bytes: content that is missing, cut short
        // or damaged is replaced.
        if known == [Some(size)] && self.core.is_intact(&key, size)? {
            return Ok(taken);
        }
        match self.draft {
            IngestDraft::Written(draft) => writer.put_draft(draft, key, size)?,
            IngestDraft::Clone(draft) => writer.put_clone(draft, key, size)?,
        }
        Ok(taken)
    }

    fn transfer_error(core: &Core) -> impl FnOnce(StoreError) -> TransferError + '_ {
        |error| error.into_transfer(&core.location)
    }
}

impl IngestWriter for Ingest {
    fn clone_of_source(&self) -> Option<&File> {
        match &self.draft {
            IngestDraft::Written(_) => None,
            IngestDraft::Clone(clone) => Some(clone.file()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        let taken = self.take(bytes);
        taken.map_err(Self::transfer_error(&self.core))
    }

    fn finish(self: Box<Self>) -> Result<ContentKey, TransferError> {
        let core = Arc::clone(&self.core);
        let kept = self.keep().map_err(Self::transfer_error(&core))?;
        Ok(kept.key)
    }
}
