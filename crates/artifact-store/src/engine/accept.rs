//! Files that have come: entries of pending versions, and files of runs, get their content.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use artifact_core::{ContentDigest, LogicalPath};
use serde_json::Map;

use super::Core;
use super::awaited::{Awaited, manifest_and_version};
use super::ingest::Taken;
use super::uploads::put_entries;
use crate::StoreError;
use crate::metadata::{
    ContentRow, EntryContent, EntryRow, ManifestKey, ManifestRow, MetadataStoreExt as _, RunKey,
    Scope, SnapshotExt as _, Transaction, VersionKey, VersionRow,
};

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
