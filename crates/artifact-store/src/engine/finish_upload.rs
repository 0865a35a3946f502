//! The end of an upload: is it still expected, and what becomes of its content.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use artifact_core::records::ArtifactState;
use artifact_core::{ContentDigest, ContentKey, LogicalPath};
use serde_json::Map;

use super::Core;
use super::transfer::Taken;
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

/// Content that was taken in, and is what was announced, if anything was.
#[derive(Debug)]
pub(super) struct SentFile {
    pub(super) place: Place,
    pub(super) taken: Taken,
}

/// What it is to be the content of.
#[derive(Debug)]
pub(super) enum Place {
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
enum Accepted {
    /// It is used by this pending version, maybe in place of other content.
    Pending { version: VersionKey, replaced: bool },
    /// It is used for good.
    Kept,
}

impl Core {
    /// Makes content that was taken in what it was sent for: one flush and one transaction for all that wait for it.
    pub(super) fn accept_file(&self, file: SentFile) -> Result<(), StoreError> {
        let answer = self.accepting.run(file, |files| self.accept_files(files));
        answer.unwrap_or_else(|| {
            Err(StoreError::Database {
                source: "the thread that wrote for several has stopped".into(),
            })
        })
    }

    /// Does it for several; either each has its own answer, or nothing was done.
    fn accept_files(&self, files: &[SentFile]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let writer = self.writer()?;
        // Before the rows: a row promises that the bytes are durable.
        self.blobs.barrier()?;
        let answers = self.metadata.writing(&Scope::Whole, |tx| {
            let mut manifests = Manifests::new();
            let answers = files
                .iter()
                .map(|file| match self.accept(tx, &mut manifests, file) {
                    // Nothing of this one was written, and it is nobody else's matter.
                    Err(refusal @ StoreError::Refused(_)) => Ok(Err(refusal)),
                    other => other.map(Ok),
                });
            answers.collect::<Result<Vec<_>, _>>()
        })?;
        let noted = files.iter().zip(answers).map(|(file, answer)| {
            match answer? {
                Accepted::Pending { version, replaced } => {
                    writer.note_used(version, [&file.taken.key]);
                    if replaced {
                        writer.note_content_dropped(version);
                    }
                }
                Accepted::Kept => writer.note_kept(&file.taken.key),
            }
            Ok(())
        });
        Ok(noted.collect())
    }

    /// Writes what makes one file count. It refuses before it writes anything.
    fn accept(
        &self,
        tx: &mut dyn Transaction,
        manifests: &mut Manifests,
        file: &SentFile,
    ) -> Result<Accepted, StoreError> {
        let blob = (file.taken.key, file.taken.size);
        match &file.place {
            Place::Entry {
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
                accept_entry(tx, manifest, path, digest, file.taken)
            }
            Place::RunFile { run, name, md5 } => {
                self.put_run_file(tx, *run, name, blob, md5)?;
                Ok(Accepted::Kept)
            }
        }
    }
}

fn accept_entry(
    tx: &mut dyn Transaction,
    manifest: &(ManifestRow, VersionRow),
    path: &LogicalPath,
    digest: &ContentDigest,
    taken: Taken,
) -> Result<Accepted, StoreError> {
    let manifest = match Core::awaited_in(&*tx, manifest, path, digest)? {
        Awaited::Pending(manifest) => manifest,
        Awaited::Stored(key) if key == taken.key => return Ok(Accepted::Kept),
        Awaited::Stored(_) => {
            let what = "the version was committed meanwhile, with other content under this digest";
            return Err(StoreError::rejected(what));
        }
    };
    let blob = tx.ensure_blobs(&[(taken.key, taken.size)])?[0];
    let present = tx.content_at(manifest.key, path)?;
    // The same body sent twice changes nothing, even after the manifest.
    let is_same = |row: &ContentRow| (row.digest, row.blob) == (*digest, blob.key);
    if !present.as_ref().is_some_and(is_same) {
        let entry = EntryRow {
            path: path.clone(),
            digest: (*digest).into(),
            size: Some(taken.size),
            content: EntryContent::Blob(blob.key),
            extra: Map::new(),
            birth: Some(blob.birth.unwrap_or(manifest.version)),
        };
        put_entries(tx, &manifest, &[entry])?;
    }
    Ok(Accepted::Pending {
        version: manifest.version,
        replaced: present.is_some_and(|row| row.blob != blob.key),
    })
}

/// What is known of the bytes that a ticket stands for, before they come.
#[derive(Debug)]
pub(super) struct Expected {
    /// Their digest, if one was announced.
    pub(super) digest: Option<ContentDigest>,
    /// The part that they are, if they are one.
    pub(super) part: Option<PartId>,
    /// Where they are stored already: the version is committed with them.
    pub(super) stored: Option<ContentKey>,
}

/// Whether the bytes of something in a version are waited for.
#[derive(Debug)]
pub(super) enum Awaited {
    /// They are, by the pending version of this manifest.
    Pending(ManifestRow),
    /// The version is committed, and has content with this digest there.
    Stored(ContentKey),
}

impl Expected {
    /// Bytes with this digest, of which nothing was looked up.
    pub(super) const fn unseen(digest: ContentDigest) -> Self {
        Self {
            digest: Some(digest),
            part: None,
            stored: None,
        }
    }

    fn content(digest: ContentDigest, awaited: Awaited) -> Self {
        Self {
            digest: Some(digest),
            part: None,
            stored: awaited.stored(),
        }
    }
}

impl Awaited {
    fn stored(self) -> Option<ContentKey> {
        match self {
            Self::Pending(_) => None,
            Self::Stored(key) => Some(key),
        }
    }
}

impl Core {
    /// Returns what is known of the bytes for `target`, if they are waited for or stored for good.
    pub(super) fn what_is_awaited(&self, target: &UploadTarget) -> Result<Expected, StoreError> {
        self.metadata.reading(|rows| match target {
            UploadTarget::File {
                manifest,
                path,
                digest,
                ..
            } => {
                let awaited = Self::awaited_file(rows, *manifest, path, digest)?;
                Ok(Expected::content(*digest, awaited))
            }
            UploadTarget::Manifest { manifest, digest } => {
                let awaited = Self::awaited_manifest(rows, *manifest, digest)?;
                Ok(Expected::content(*digest, awaited))
            }
            UploadTarget::Part { upload, number } => Self::awaited_part(rows, *upload, *number),
            UploadTarget::RunFile { run, .. } => {
                Self::project_of_live_run(rows, *run)?;
                Ok(Expected {
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
    pub(super) fn awaited_file(
        rows: &dyn Snapshot,
        manifest: ManifestKey,
        path: &LogicalPath,
        digest: &ContentDigest,
    ) -> Result<Awaited, StoreError> {
        let found = manifest_and_version(rows, manifest)?;
        Self::awaited_in(rows, &found, path, digest)
    }

    /// Says whether the content of an entry of this manifest is waited for.
    ///
    /// # Errors
    /// As [`awaited_file`](Self::awaited_file).
    pub(super) fn awaited_in(
        rows: &dyn Snapshot,
        (manifest, version): &(ManifestRow, VersionRow),
        path: &LogicalPath,
        digest: &ContentDigest,
    ) -> Result<Awaited, StoreError> {
        if let ArtifactState::Pending = version.state {
            return Ok(Awaited::Pending(manifest.clone()));
        }
        let present = rows.content_at(manifest.key, path)?;
        if present.is_some_and(|row| row.digest == *digest) {
            let stored = rows.stored_contents(manifest.key, std::slice::from_ref(path))?;
            if let Some(Some(StoredContent::Blob(key))) = stored.first() {
                return Ok(Awaited::Stored(*key));
            }
        }
        Err(not_pending(version, path.as_str()))
    }

    fn awaited_manifest(
        rows: &dyn Snapshot,
        manifest: ManifestKey,
        digest: &ContentDigest,
    ) -> Result<Awaited, StoreError> {
        let (manifest, version) = manifest_and_version(rows, manifest)?;
        if let ArtifactState::Pending = version.state {
            return Ok(Awaited::Pending(manifest));
        }
        match manifest.file {
            Some((key, present)) if present == *digest => Ok(Awaited::Stored(key)),
            _ => Err(not_pending(&version, "the manifest")),
        }
    }

    fn awaited_part(
        rows: &dyn Snapshot,
        upload: PartsKey,
        number: u32,
    ) -> Result<Expected, StoreError> {
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
        let awaited = Self::awaited_file(rows, row.manifest, &row.path, &row.digest)?;
        Ok(Expected {
            part: Some(part),
            ..Expected::content(md5, awaited)
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
