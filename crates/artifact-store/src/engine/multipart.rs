//! Files that arrive in parts.

use std::io::Read as _;
use std::sync::Arc;

use artifact_core::records::ArtifactState;
use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;

use super::Core;
use super::finish_upload::{Destination, FinishedUpload, existing_parts, manifest_and_version};
use crate::StoreError;
use crate::blobs::{PartDraft, PartId};
use crate::ids::{parts_id, parts_key};
use crate::metadata::{
    MetadataStoreExt as _, PartsKey, PartsRow, Scope, Snapshot, SnapshotExt as _, VersionKey,
};
use crate::service::{PartSpec, PartsUpload};
use crate::tickets::UploadTarget;

/// The maximum number of parts of a file. Source: the wire protocol.
const MAX_PARTS: usize = 10_000;

/// The size of the chunks in which a part is read, in bytes.
const CHUNK_SIZE: usize = 1 << 20;

impl Core {
    /// Begins a file that is sent in parts.
    pub(crate) fn begin_parts(
        &self,
        target: UploadTarget,
        parts: &[PartSpec],
    ) -> Result<PartsUpload, StoreError> {
        let UploadTarget::File {
            manifest,
            path,
            digest,
            size,
        } = target
        else {
            return Err(StoreError::rejected("only files are sent in parts"));
        };
        let md5s = announced_md5s(parts)?;
        self.writer()?;
        let upload = PartsRow {
            manifest,
            path,
            digest,
            size,
        };
        let key = self.metadata.writing(&Scope::Whole, |tx| {
            Self::file_status(&*tx, upload.manifest, &upload.path, &upload.digest)?;
            tx.insert_parts(&upload, &md5s)
        })?;
        let ticket = |part: &PartSpec| {
            let number = part.number;
            UploadTarget::Part {
                upload: key,
                number,
            }
            .to_ticket()
        };
        Ok(PartsUpload {
            id: parts_id(key),
            tickets: parts.iter().map(ticket).collect(),
        })
    }

    /// Keeps a part that has its announced digest.
    pub(super) fn keep_part(
        &self,
        draft: Box<dyn PartDraft>,
        part: &PartId,
    ) -> Result<(), StoreError> {
        draft.keep(part)?;
        // Checked after the part is kept: a thread that ends the version meanwhile either is seen here, or sees the
        // part.
        let target = UploadTarget::Part {
            upload: PartsKey(part.upload),
            number: part.number,
        };
        let status = self.expected_upload(&target);
        if status.is_err() {
            self.blobs.delete_part(part)?;
        }
        status.map(drop)
    }

    /// Returns the version that a file in parts belongs to.
    pub(crate) fn version_of_parts(
        rows: &dyn Snapshot,
        id: &str,
    ) -> Result<VersionKey, StoreError> {
        let upload = existing_parts(rows, parts_key(id)?)?;
        let (manifest, _) = manifest_and_version(rows, upload.manifest)?;
        Ok(manifest.version)
    }

    /// Joins the parts of a file, and makes the whole the content of its entry.
    pub(crate) fn finish_parts(
        self: &Arc<Self>,
        id: &str,
        parts: &[PartSpec],
    ) -> Result<ContentDigest, StoreError> {
        let key = parts_key(id)?;
        let (upload, md5s, version) = self.metadata.reading(|rows| {
            let upload = existing_parts(rows, key)?;
            let (manifest, _) = manifest_and_version(rows, upload.manifest)?;
            Ok((upload, rows.part_md5s(key)?, manifest.version))
        })?;
        check_parts(&upload, &md5s, parts)?;
        if self.is_joined(&upload)? {
            return Ok(upload.digest);
        }
        let parts: Vec<_> = (1..)
            .take(md5s.len())
            .map(|number| PartId {
                group: version.0,
                upload: key.0,
                number,
            })
            .collect();
        let Some(file) = self.join_parts(&upload, &parts)? else {
            // Another caller that finishes it at the same time may just have deleted the parts.
            if self.is_joined(&upload)? {
                return Ok(upload.digest);
            }
            return Err(StoreError::rejected(format!(
                "not all parts of {} have come",
                upload.path
            )));
        };
        self.finish_upload(file)?;
        for part in &parts {
            if let Err(error) = self.blobs.delete_part(part) {
                tracing::warn!(%error, "a part stays until its version is committed");
            }
        }
        Ok(upload.digest)
    }

    /// Whether the entry has the joined content already.
    fn is_joined(&self, upload: &PartsRow) -> Result<bool, StoreError> {
        self.metadata.reading(|rows| {
            let present = rows.content_at(upload.manifest, &upload.path)?;
            Ok(present.is_some_and(|row| row.digest == upload.digest))
        })
    }

    /// Copies the parts into one blob, and checks the whole; `None` where a part is missing.
    fn join_parts(
        self: &Arc<Self>,
        upload: &PartsRow,
        parts: &[PartId],
    ) -> Result<Option<FinishedUpload>, StoreError> {
        let mut ingest = self.ingest(None, upload.size)?;
        let mut hasher = ContentHasher::new(upload.digest.algorithm());
        let mut buffer = vec![0; CHUNK_SIZE];
        for part in parts {
            let Some(mut part) = self.blobs.open_part(part)? else {
                return Ok(None);
            };
            loop {
                let read = part.read(&mut buffer);
                match read.map_err(StoreError::io("read", "a part of a file"))? {
                    0 => break,
                    length => {
                        hasher.update(&buffer[..length]);
                        ingest.take(&buffer[..length])?;
                    }
                }
            }
        }
        let is_announced = |length| upload.size.is_none_or(|size| size == length);
        if hasher.finish() != upload.digest || !is_announced(ingest.size()) {
            return Err(StoreError::Corrupt);
        }
        Ok(Some(FinishedUpload {
            destination: Destination::Entry {
                manifest: upload.manifest,
                path: upload.path.clone(),
                digest: upload.digest,
            },
            content: ingest.keep()?,
        }))
    }

    /// Deletes the remaining parts of a version that is committed or gone.
    pub(super) fn delete_parts(&self, version: VersionKey) {
        if let Err(error) = self.blobs.delete_part_group(version.0) {
            tracing::warn!(%error, "parts of files stay until the next recovery");
        }
    }

    /// Deletes the parts of versions that are no longer pending.
    pub(super) fn delete_obsolete_parts(&self) -> Result<(), StoreError> {
        for group in self.blobs.part_groups()? {
            let is_pending = |rows: &dyn Snapshot| {
                let version = rows.version(VersionKey(group))?;
                Ok(version.is_some_and(|it| it.state == ArtifactState::Pending))
            };
            if !self.metadata.reading(is_pending)? {
                self.blobs.delete_part_group(group)?;
            }
        }
        Ok(())
    }
}

/// Returns the MD5s of announced parts, which must be in order.
fn announced_md5s(parts: &[PartSpec]) -> Result<Vec<ContentDigest>, StoreError> {
    if parts.is_empty() || MAX_PARTS < parts.len() {
        return Err(StoreError::rejected(format!(
            "a file has 1 to {MAX_PARTS} parts, not {}",
            parts.len()
        )));
    }
    for (number, part) in (1..).zip(parts) {
        if part.number != number {
            return Err(StoreError::rejected(format!(
                "parts are numbered 1, 2, 3, and so on: number {} is in place {number}",
                part.number
            )));
        }
        if part.md5.algorithm() != DigestAlgorithm::Md5 {
            return Err(StoreError::rejected("parts are announced by their MD5"));
        }
    }
    Ok(parts.iter().map(|part| part.md5).collect())
}

/// Checks that the sent parts are the announced ones, in any order.
fn check_parts(
    upload: &PartsRow,
    md5s: &[ContentDigest],
    parts: &[PartSpec],
) -> Result<(), StoreError> {
    let mut sent: Vec<_> = parts.iter().collect();
    sent.sort_by_key(|part| part.number);
    let announced = (1..).zip(md5s);
    let is_same = sent
        .iter()
        .map(|part| (part.number, &part.md5))
        .eq(announced);
    if is_same {
        return Ok(());
    }
    Err(StoreError::rejected(format!(
        "{} was announced in {} parts, and these are not the same ones",
        upload.path,
        md5s.len()
    )))
}
