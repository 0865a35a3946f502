//! Taking content in, under the key of its bytes.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use artifact_core::ContentKey;
use artifact_core::ports::{IngestWriter, TransferError};
use sha2::{Digest as _, Sha256};

use super::Core;
use crate::StoreError;
use crate::blobs::{BlobDraft, LocalDraft, Place};
use crate::metadata::MetadataStoreExt as _;

/// How much of a file is read at once.
const PIECE: usize = 256 << 10;

/// Content that was taken in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) key: ContentKey,
    pub(super) size: u64,
}

impl Core {
    /// Takes content that is wholly in memory.
    pub(super) fn ingest_bytes(&self, bytes: &[u8]) -> Result<ContentKey, StoreError> {
        let writer = self.writer()?;
        let key = ContentKey::from_bytes(Sha256::digest(bytes).into());
        if writer.size_of_put(&key).is_none() {
            writer.put(key, bytes)?;
        }
        Ok(key)
    }

    /// Opens a writer that takes content: that of `source`, if it is a file, or about `size_hint` bytes.
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

    /// Whether the content under `key` is there, and has that key.
    pub(super) fn is_intact(&self, key: &ContentKey, size: u64) -> Result<bool, StoreError> {
        let place = Place::of_content(key);
        if self.blobs.size(&place)? != Some(size) {
            return Ok(false);
        }
        let Some(mut content) = self.blobs.get(&place, 0..u64::MAX)? else {
            return Ok(false);
        };
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; PIECE];
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

/// Content on its way in.
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

    pub(super) fn keep(self) -> Result<Taken, StoreError> {
        if let IngestDraft::Clone(clone) = &self.draft {
            let metadata = clone.file().metadata();
            let metadata =
                metadata.map_err(StoreError::io("look at", "a temporary file of the store"))?;
            // Then the key is not that of the clone's bytes.
            if metadata.len() != self.size {
                return Err(StoreError::Corrupt);
            }
        }
        let writer = self.core.writer()?;
        let key = ContentKey::from_bytes(self.hasher.finalize().into());
        let size = self.size;
        let taken = Taken { key, size };
        if writer.size_of_put(&key).is_some() {
            return Ok(taken);
        }
        let known = self.core.metadata.reading(|rows| rows.blob_sizes(&[key]))?;
        // What is there already is read again before it stands in for what was just read: a file that has gone, was
        // cut short or is damaged is replaced.
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
