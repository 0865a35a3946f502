//! The end of an upload: is it still expected, and what becomes of its content.

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

/// Content that was content in, and is what was announced, if anything was.
#[derive(Debug)]
pub(super) struct FinishedUpload {
    pub(super) destination: Destination,
    pub(super) content: IngestedContent,
}

/// What it is to be the content of.
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

/// The manifests that one transaction has to do with, each looked up once: most of the time all files are for one.
type Manifests = HashMap<ManifestKey, (ManifestRow, VersionRow)>;

/// What has become of it.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// It is used by this pending version, maybe in place of other content.
    Pending { version: VersionKey, replaced: bool },
    /// It is used for good.
    Committed,
}

impl Core {
    /// Makes content that was content in what it was sent for: one flush and one transaction for all that wait for it.
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

    /// Does it for several; either each has its own answer, or nothing was done.
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
                        // Nothing of this one was written, and it is nobody else's matter.
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

    /// Writes what makes one file count. It refuses before it writes anything.
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

/// What is known of the bytes that a ticket stands for, before they come.
#[derive(Debug)]
pub(super) struct ExpectedUpload {
    /// Their digest, if one was announced.
    pub(super) digest: Option<ContentDigest>,
    /// The part that they are, if they are one.
    pub(super) part: Option<PartId>,
    /// Where they are stored already: the version is committed with them.
    pub(super) stored: Option<ContentKey>,
}

/// Whether the bytes of something in a version are waited for.
#[derive(Debug)]
pub(super) enum UploadStatus {
    /// They are, by the pending version of this manifest.
    Pending(ManifestRow),
    /// The version is committed, and has content with this digest there.
    Stored(ContentKey),
}

impl ExpectedUpload {
    /// Bytes with this digest, of which nothing was looked up.
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
    /// Returns what is known of the bytes for `target`, if they are waited for or stored for good.
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

    /// Says whether the content of an entry is waited for.
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

    /// Says whether the content of an entry of this manifest is waited for.
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

/// Returns a file in parts, which must be there.
pub(super) fn existing_parts(
    rows: &dyn Snapshot,
    upload: PartsKey,
) -> Result<PartsRow, StoreError> {
    rows.parts_upload(upload)?
        .ok_or_else(|| StoreError::rejected("the version that these parts were for is gone"))
}

/// Returns a manifest with its version, which must be there.
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
