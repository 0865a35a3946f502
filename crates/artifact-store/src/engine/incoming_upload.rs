//! Bytes of an upload as they arrive, and their check once all are there.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use artifact_core::ports::IngestWriter as _;
use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm};
use manifest::ContentHasher;
use sha2::{Digest as _, Sha256};

use super::Core;
use super::finish_upload::{Destination, ExpectedUpload, FinishedUpload};
use super::manifests::is_large_manifest;
use super::transfer::{Ingest, IngestedContent};
use crate::StoreError;
use crate::blobs::{PartDraft, PartId};
use crate::service::Received;
use crate::tickets::UploadTarget;

/// The size up to which content is buffered in memory and then written at once, without a temporary file, in bytes.
const IN_MEMORY: usize = 256 << 10;

/// The size of the chunks in which a file is read, in bytes.
const CHUNK_SIZE: usize = 256 << 10;

/// An upload in progress. Dropped instead of finished, it leaves nothing behind.
pub(crate) struct IncomingUpload {
    // Dropped before the engine, so that a draft is gone before the engine ends.
    body: Body,
    core: Arc<Core>,
    target: UploadTarget,
    /// The announced digest, if any.
    announced: Option<ContentDigest>,
    /// The expected size in bytes, where it is known.
    length: Option<u64>,
    size: u64,
    md5: ContentHasher,
    /// Computes the announced digest, where that is no MD5.
    other: Option<ContentHasher>,
}

/// The bytes that have arrived so far.
enum Body {
    Memory(Vec<u8>),
    Blob(Ingest),
    Part(Box<dyn PartDraft>, PartId),
    /// Not kept: they are stored already under this key, and are only compared.
    Known(ContentKey, Sha256),
    /// Not kept: the content that they are a part of is stored already.
    Spare,
    /// Not kept: some of them could not be written, so that the rest is useless.
    Failed,
}

impl Core {
    /// Opens an upload for the target of a ticket; `length` is the size that the sender announces, if any.
    pub(crate) fn receive(
        self: &Arc<Self>,
        target: &UploadTarget,
        length: Option<u64>,
    ) -> Result<IncomingUpload, StoreError> {
        // From here on as a registered writer, so that no recovery deletes the draft.
        self.writer()?;
        let length = match (target.size(), length) {
            (Some(announced), Some(length)) if announced != length => {
                return Err(StoreError::rejected(format!(
                    "{announced} bytes were announced, and {length} are being sent"
                )));
            }
            (announced, length) => announced.or(length),
        };
        let is_small = length.is_some_and(|length| length < IN_MEMORY as u64);
        let expected = match target {
            // Looked up only when the upload is finished: a look-up costs as much as writing the bytes.
            UploadTarget::File { digest, .. } if is_small => ExpectedUpload::unseen(*digest),
            _ => self.expected_upload(target)?,
        };
        let body = match (expected.part, expected.stored) {
            (Some(_), Some(_)) => Body::Spare,
            (Some(part), None) => Body::Part(self.blobs.part_draft()?, part),
            (None, Some(key)) => Body::Known(key, Sha256::new()),
            (None, None) if length.is_none() || is_small => Body::in_memory(length),
            (None, None) => Body::Blob(self.ingest(None, length)?),
        };
        let algorithm = expected.digest.map(|digest| digest.algorithm());
        let other = algorithm.filter(|algorithm| *algorithm != DigestAlgorithm::Md5);
        Ok(IncomingUpload {
            core: Arc::clone(self),
            target: target.clone(),
            announced: expected.digest,
            length,
            body,
            size: 0,
            md5: ContentHasher::new(DigestAlgorithm::Md5),
            other: other.map(ContentHasher::new),
        })
    }

    /// Uploads bytes from memory, and returns their number.
    pub(super) fn receive_bytes(
        self: &Arc<Self>,
        target: &UploadTarget,
        bytes: &[u8],
    ) -> Result<u64, StoreError> {
        let mut upload = self.receive(target, None)?;
        upload.write(bytes)?;
        Ok(upload.finish()?.size)
    }

    /// Uploads the bytes of a local file, and returns their number.
    pub(super) fn receive_file(
        self: &Arc<Self>,
        target: &UploadTarget,
        path: &Path,
    ) -> Result<u64, StoreError> {
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let mut upload = self.receive(target, None)?;
        upload.start_with_clone(&file)?;
        let mut buffer = vec![0; CHUNK_SIZE];
        loop {
            let mut source = upload.clone_of_source().unwrap_or(&file);
            let read = source.read(&mut buffer);
            match read.map_err(StoreError::io("read", path))? {
                0 => break,
                length => upload.write(&buffer[..length])?,
            }
        }
        Ok(upload.finish()?.size)
    }
}

impl IncomingUpload {
    /// Appends the next bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let taken = self.take(bytes);
        if taken.is_err() {
            self.body = Body::Failed;
        }
        taken
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.size += bytes.len() as u64;
        if self.length.is_some_and(|length| length < self.size) {
            return Err(StoreError::Corrupt);
        }
        self.md5.update(bytes);
        if let Some(other) = &mut self.other {
            other.update(bytes);
        }
        if let Body::Memory(held) = &mut self.body
            && IN_MEMORY < held.len() + bytes.len()
        {
            let mut ingest = self.core.ingest(None, self.length)?;
            ingest.take(held)?;
            self.body = Body::Blob(ingest);
        }
        match &mut self.body {
            Body::Memory(held) => held.extend_from_slice(bytes),
            Body::Blob(ingest) => ingest.take(bytes)?,
            Body::Part(draft, _) => draft.append(bytes)?,
            Body::Known(_, hasher) => hasher.update(bytes),
            Body::Spare => {}
            Body::Failed => return Err(StoreError::Corrupt),
        }
        Ok(())
    }

    /// Whether finishing takes long: it is a large manifest.
    pub(crate) fn is_slow_to_finish(&self) -> bool {
        let is_manifest = matches!(self.target, UploadTarget::Manifest { .. });
        is_manifest && is_large_manifest(self.length.unwrap_or(self.size))
    }

    /// Checks length and digest, and makes the bytes the content of the target. Durable when this returns.
    pub(crate) fn finish(self) -> Result<Received, StoreError> {
        let md5 = self.md5.finish();
        let digest = self.other.map_or(md5, ContentHasher::finish);
        let is_short = self.length.is_some_and(|length| self.size < length);
        let is_announced = |announced| announced == digest;
        if is_short || !self.announced.is_none_or(is_announced) {
            return Err(StoreError::Corrupt);
        }
        let size = self.size;
        let content = match self.body {
            Body::Memory(bytes) => IngestedContent {
                key: self.core.ingest_bytes(&bytes)?,
                size,
            },
            Body::Blob(ingest) => ingest.keep()?,
            Body::Part(draft, part) => {
                self.core.keep_part(draft, &part)?;
                return Ok(Received { size, md5 });
            }
            Body::Known(key, hasher) => {
                check_same(&key, hasher)?;
                return Ok(Received { size, md5 });
            }
            Body::Spare => return Ok(Received { size, md5 }),
            Body::Failed => return Err(StoreError::Corrupt),
        };
        self.core.finish_as(self.target, content, md5)?;
        Ok(Received { size, md5 })
    }

    /// Begins with a clone of a large file, where the file system can make one.
    fn start_with_clone(&mut self, file: &File) -> Result<(), StoreError> {
        let is_large = file.metadata().is_ok_and(|it| IN_MEMORY as u64 <= it.len());
        if is_large && let Body::Memory(_) = self.body {
            self.body = Body::Blob(self.core.ingest(Some(file), None)?);
        }
        Ok(())
    }

    fn clone_of_source(&self) -> Option<&File> {
        match &self.body {
            Body::Blob(ingest) => ingest.clone_of_source(),
            _ => None,
        }
    }
}

impl Body {
    fn in_memory(length: Option<u64>) -> Self {
        // An announced size is no reason to reserve more than the buffer can use.
        let length = length.and_then(|length| usize::try_from(length).ok());
        Self::Memory(Vec::with_capacity(
            length.unwrap_or_default().min(IN_MEMORY),
        ))
    }
}

impl Core {
    /// Makes checked content the content of its target.
    fn finish_as(
        &self,
        target: UploadTarget,
        content: IngestedContent,
        md5: ContentDigest,
    ) -> Result<(), StoreError> {
        let destination = match target {
            UploadTarget::File {
                manifest,
                path,
                digest,
                ..
            } => Destination::Entry {
                manifest,
                path,
                digest,
            },
            UploadTarget::RunFile { run, name } => Destination::RunFile { run, name, md5 },
            // Slow, so it does not join a group commit.
            UploadTarget::Manifest { manifest, digest } => {
                return self.finish_manifest_upload(manifest, &digest, content);
            }
            // Parts are kept by the part store.
            UploadTarget::Part { .. } => return Ok(()),
        };
        self.finish_upload(FinishedUpload {
            destination,
            content,
        })
    }
}

/// Fails unless the bytes are those that are stored: a committed version keeps its content, so other bytes with the
/// same digest are refused.
fn check_same(key: &ContentKey, hasher: Sha256) -> Result<(), StoreError> {
    if ContentKey::from_bytes(hasher.finalize().into()) == *key {
        return Ok(());
    }
    Err(StoreError::rejected(
        "the version is committed, with other content under this digest",
    ))
}

impl fmt::Debug for IncomingUpload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IncomingUpload")
            .field("target", &self.target)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
