//! The end of an upload: checks whether its target still expects it, and makes it the content of the target.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use artifact_core::records::ArtifactState;
use artifact_core::{ContentDigest, ContentKey, LogicalPath};
use serde_json::Map;

use super::Core;
use super::transfer::IngestedContent;
use super::upload_requests::put_entries;
use crate::StoreError;
use crate::blobs::PartId;
use crate::ids::artifact_id;
use crate::metadata::{
    ContentRow, EntryContent, EntryRow, ManifestKey, ManifestRow, MetadataStoreExt as _, PartsKey,
    PartsRow, RunKey, Scope, Snapshot, SnapshotExt as _, StoredContent, Transaction, VersionKey,
    VersionRow,
};
use crate::tickets::UploadTarget;

/// Ingested content that has the announced digest, if any was announced.
#[derive(Debug)]
pub(super) struct FinishedUpload {
    pub(super) destination: Destination,
    pub(super) content: IngestedContent,
}

/// The target of an upload.
#[derive(Debug)]
pub(super) enum Destination {
    /// An entry.
    Entry {
        manifest: ManifestKey,
        path: LogicalPath,
        digest: ContentDigest,
    },
    /// A file of a run.
    RunFile {
        run: RunKey,
        name: LogicalPath,
        md5: ContentDigest,
    },
}

/// The manifests of one transaction, each looked up once: most of the time all files are for one.
type Manifests = HashMap<ManifestKey, (ManifestRow, VersionRow)>;

/// The result of a finished upload.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// A pending version uses the content, maybe in place of other content.
    Pending { version: VersionKey, replaced: bool },
    /// The content is in use for good.
    Committed,
}

impl Core {
    /// Makes content the content of its target: one flush and one transaction for all uploads that are finished at the
    /// same time.
    pub(super) fn finish_upload(&self, file: FinishedUpload) -> Result<(), StoreError> {
        let answer = self
            .finishing_uploads
            .run(file, |files| self.finish_uploads(files));
        answer.unwrap_or_else(|| {
            Err(StoreError::Database {
                source: "the thread that wrote for several has stopped".into(),
            })
        })
    }

    /// Finishes several uploads; either each has its own result, or nothing was done.
    fn finish_uploads(
        &self,
        files: &[FinishedUpload],
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let writer = self.writer()?;
        // Before the rows: a row promises that the bytes are durable.
        self.blobs.barrier()?;
        let results = self.metadata.writing(&Scope::Whole, |tx| {
            let mut manifests = Manifests::new();
            let results =
                files
                    .iter()
                    .map(|file| match self.put_content(tx, &mut manifests, file) {
                        // Nothing of this one was written, and the others do not depend on it.
                        Err(refusal @ StoreError::Refused(_)) => Ok(Err(refusal)),
                        other => other.map(Ok),
                    });
            results.collect::<Result<Vec<_>, _>>()
        })?;
        let noted = files.iter().zip(results).map(|(file, answer)| {
            match answer? {
                Outcome::Pending { version, replaced } => {
                    writer.note_used(version, [&file.content.key]);
                    if replaced {
                        writer.note_content_dropped(version);
                    }
                }
                Outcome::Committed => writer.note_kept(&file.content.key),
            }
            Ok(())
        });
        Ok(noted.collect())
    }

    /// Writes the rows of one upload. It refuses before it writes anything.
    fn put_content(
        &self,
        tx: &mut dyn Transaction,
        manifests: &mut Manifests,
        file: &FinishedUpload,
    ) -> Result<Outcome, StoreError> {
        let blob = (file.content.key, file.content.size);
        match &file.destination {
            Destination::Entry {
                manifest,
                path,
                digest,
            } => {
                let manifest = match manifests.entry(*manifest) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => {
                        unknown.insert(manifest_and_version(&*tx, *manifest)?)
                    }
                };
                put_entry(tx, manifest, path, digest, file.content)
            }
            Destination::RunFile { run, name, md5 } => {
                self.put_run_file(tx, *run, name, blob, md5)?;
                Ok(Outcome::Committed)
            }
        }
    }
}

fn put_entry(
    tx: &mut dyn Transaction,
    manifest: &(ManifestRow, VersionRow),
    path: &LogicalPath,
    digest: &ContentDigest,
    content: IngestedContent,
) -> Result<Outcome, StoreError> {
    let manifest = match Core::entry_status(&*tx, manifest, path, digest)? {
        UploadStatus::Pending(manifest) => manifest,
        UploadStatus::Stored(key) if key == content.key => return Ok(Outcome::Committed),
        UploadStatus::Stored(_) => {
            let what = "the version was committed meanwhile, with other content under this digest";
            return Err(StoreError::rejected(what));
        }
    };
    let blob = tx.ensure_blobs(&[(content.key, content.size)])?[0];
    let present = tx.content_at(manifest.key, path)?;
    // The same body sent twice changes nothing, even after the manifest.
    let is_same = |row: &ContentRow| (row.digest, row.blob) == (*digest, blob.key);
    if !present.as_ref().is_some_and(is_same) {
        let entry = EntryRow {
            path: path.clone(),
            digest: (*digest).into(),
            size: Some(content.size),
            content: EntryContent::Blob(blob.key),
            extra: Map::new(),
            birth: Some(blob.birth.unwrap_or(manifest.version)),
        };
        put_entries(tx, &manifest, &[entry])?;
    }
    Ok(Outcome::Pending {
        version: manifest.version,
        replaced: present.is_some_and(|row| row.blob != blob.key),
    })
}

/// The bytes that a ticket is for, as far as they are known before they arrive.
#[derive(Debug)]
pub(super) struct ExpectedUpload {
    /// Their announced digest, if any.
    pub(super) digest: Option<ContentDigest>,
    /// The part, if they are one.
    pub(super) part: Option<PartId>,
    /// The key under which they are stored already, if the version is committed with them.
    pub(super) stored: Option<ContentKey>,
}

/// Whether the content of a target is still expected.
#[derive(Debug)]
pub(super) enum UploadStatus {
    /// The pending version of this manifest expects it.
    Pending(ManifestRow),
    /// The version is committed with content of this digest.
    Stored(ContentKey),
}

impl ExpectedUpload {
    /// Returns bytes with this digest, without a look-up.
    pub(super) const fn unseen(digest: ContentDigest) -> Self {
        Self {
            digest: Some(digest),
            part: None,
            stored: None,
        }
    }

    fn content(digest: ContentDigest, status: UploadStatus) -> Self {
        Self {
            digest: Some(digest),
            part: None,
            stored: status.stored(),
        }
    }
}

impl UploadStatus {
    fn stored(self) -> Option<ContentKey> {
        match self {
            Self::Pending(_) => None,
            Self::Stored(key) => Some(key),
        }
    }
}

impl Core {
    /// Returns the bytes that `target` is for.
    pub(super) fn expected_upload(
        &self,
        target: &UploadTarget,
    ) -> Result<ExpectedUpload, StoreError> {
        self.metadata.reading(|rows| match target {
            UploadTarget::File {
                manifest,
                path,
                digest,
                ..
            } => {
                let status = Self::file_status(rows, *manifest, path, digest)?;
                Ok(ExpectedUpload::content(*digest, status))
            }
            UploadTarget::Manifest { manifest, digest } => {
                let status = Self::manifest_status(rows, *manifest, digest)?;
                Ok(ExpectedUpload::content(*digest, status))
            }
            UploadTarget::Part { upload, number } => Self::expected_part(rows, *upload, *number),
            UploadTarget::RunFile { run, .. } => {
                Self::project_of_live_run(rows, *run)?;
                Ok(ExpectedUpload {
                    digest: None,
                    part: None,
                    stored: None,
                })
            }
        })
    }

    /// Returns whether the content of an entry is still expected.
    ///
    /// # Errors
    /// [`Rejected`](artifact_core::ports::RegistryError::Rejected) where the version is gone, or committed with other
    /// content.
    pub(super) fn file_status(
        rows: &dyn Snapshot,
        manifest: ManifestKey,
        path: &LogicalPath,
        digest: &ContentDigest,
    ) -> Result<UploadStatus, StoreError> {
        let found = manifest_and_version(rows, manifest)?;
        Self::entry_status(rows, &found, path, digest)
    }

    /// Returns whether the content of an entry of this manifest is still expected.
    ///
    /// # Errors
    /// As [`file_status`](Self::file_status).
    pub(super) fn entry_status(
        rows: &dyn Snapshot,
        (manifest, version): &(ManifestRow, VersionRow),
        path: &LogicalPath,
        digest: &ContentDigest,
    ) -> Result<UploadStatus, StoreError> {
        if let ArtifactState::Pending = version.state {
            return Ok(UploadStatus::Pending(manifest.clone()));
        }
        let present = rows.content_at(manifest.key, path)?;
        if present.is_some_and(|row| row.digest == *digest) {
            let stored = rows.stored_contents(manifest.key, std::slice::from_ref(path))?;
            if let Some(Some(StoredContent::Blob(key))) = stored.first() {
                return Ok(UploadStatus::Stored(*key));
            }
        }
        Err(not_pending(version, path.as_str()))
    }

    fn manifest_status(
        rows: &dyn Snapshot,
        manifest: ManifestKey,
        digest: &ContentDigest,
    ) -> Result<UploadStatus, StoreError> {
        let (manifest, version) = manifest_and_version(rows, manifest)?;
        if let ArtifactState::Pending = version.state {
            return Ok(UploadStatus::Pending(manifest));
        }
        match manifest.file {
            Some((key, present)) if present == *digest => Ok(UploadStatus::Stored(key)),
            _ => Err(not_pending(&version, "the manifest")),
        }
    }

    fn expected_part(
        rows: &dyn Snapshot,
        upload: PartsKey,
        number: u32,
    ) -> Result<ExpectedUpload, StoreError> {
        let row = existing_parts(rows, upload)?;
        let md5 = rows.part_md5(upload, number)?;
        let md5 =
            md5.ok_or_else(|| StoreError::rejected(format!("{} has no part {number}", row.path)))?;
        let (manifest, _) = manifest_and_version(rows, row.manifest)?;
        let part = PartId {
            group: manifest.version.0,
            upload: upload.0,
            number,
        };
        let status = Self::file_status(rows, row.manifest, &row.path, &row.digest)?;
        Ok(ExpectedUpload {
            part: Some(part),
            ..ExpectedUpload::content(md5, status)
        })
    }
}

/// Returns a file that arrives in parts, which must exist.
pub(super) fn existing_parts(
    rows: &dyn Snapshot,
    upload: PartsKey,
) -> Result<PartsRow, StoreError> {
    rows.parts_upload(upload)?
        .ok_or_else(|| StoreError::rejected("the version that these parts were for is gone"))
}

/// Returns a manifest with its version, which must exist.
pub(super) fn manifest_and_version(
    rows: &dyn Snapshot,
    key: ManifestKey,
) -> Result<(ManifestRow, VersionRow), StoreError> {
    let found = match rows.manifest(key)? {
        Some(manifest) => rows.version(manifest.version)?.map(|it| (manifest, it)),
        None => None,
    };
    found.ok_or_else(|| StoreError::rejected("the version that this was for is gone"))
}

fn not_pending(version: &VersionRow, what: &str) -> StoreError {
    StoreError::rejected(format!(
        "artifact {} is not pending any more, and has other content for {what}",
        artifact_id(version.key)
    ))
}
