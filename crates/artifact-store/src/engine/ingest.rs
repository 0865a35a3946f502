//! Taking content in, under the key of its bytes.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use artifact_core::ContentKey;
use artifact_core::ports::{IngestWriter, TransferError};
use sha2::{Digest as _, Sha256};

use super::Core;
use crate::StoreError;
use crate::blobs::BlobDraft;
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
        let session = self.session()?;
        let key = ContentKey::from_bytes(Sha256::digest(bytes).into());
        if session.size_of_placed(&key).is_none() {
            session.announce(&key)?;
            self.blobs.place(&key, bytes)?;
            session.note_placed(key, bytes.len() as u64);
        }
        Ok(key)
    }

    /// Opens a writer that takes content: that of `source`, if it is a file, or as many bytes as `length` promises.
    pub(super) fn ingest(
        self: &Arc<Self>,
        source: Option<&File>,
        length: Option<u64>,
    ) -> Result<Ingest, StoreError> {
        self.session()?;
        Ok(Ingest {
            draft: self.blobs.draft(source, length)?,
            core: Arc::clone(self),
            hasher: Sha256::new(),
            size: 0,
        })
    }
}

impl Core {
    /// Whether the blob under `key` holds the content that the key stands for.
    pub(super) fn is_intact(&self, key: &ContentKey, size: u64) -> Result<bool, StoreError> {
        if !self.blobs.holds(key, size)? {
            return Ok(false);
        }
        let mut blob = self.blobs.read(key)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; PIECE];
        loop {
            match blob
                .read(&mut buffer)
                .map_err(StoreError::io("read", "a stored blob"))?
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
    draft: Box<dyn BlobDraft>,
    hasher: Sha256,
    size: u64,
}

impl Ingest {
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        match self.draft.clone_of_source() {
            Some(_) => Ok(()),
            None => self.draft.append(bytes),
        }
    }

    /// How many bytes have been taken.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn keep(self) -> Result<Taken, StoreError> {
        if let Some(clone) = self.draft.clone_of_source() {
            let length = clone
                .metadata()
                .map_err(StoreError::io("look at", "a temporary file of the store"))?
                .len();
            // Then the key is not that of the clone's bytes.
            if length != self.size {
                return Err(StoreError::Corrupt);
            }
        }
        let session = self.core.session()?;
        let key = ContentKey::from_bytes(self.hasher.finalize().into());
        let taken = Taken {
            key,
            size: self.size,
        };
        if session.size_of_placed(&key).is_some() {
            return Ok(taken);
        }
        let known = self.core.metadata.reading(|rows| rows.blob_sizes(&[key]))?;
        // What is there already is read again before it stands in for what was just read: a file that has gone, was
        // cut short or is damaged is put right instead.
        if known == [Some(taken.size)] && self.core.is_intact(&key, taken.size)? {
            return Ok(taken);
        }
        session.announce(&key)?;
        self.draft.place(&key)?;
        session.note_placed(key, taken.size);
        Ok(taken)
    }

    fn transfer_error(core: &Core) -> impl FnOnce(StoreError) -> TransferError + '_ {
        |error| error.into_transfer(&core.location)
    }
}

impl IngestWriter for Ingest {
    fn clone_of_source(&self) -> Option<&File> {
        self.draft.clone_of_source()
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
