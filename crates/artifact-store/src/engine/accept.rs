//! Files that have come: the entries of a pending version get their content.

use artifact_core::{ContentDigest, LogicalPath};
use serde_json::Map;

use super::Core;
use super::awaited::Awaited;
use super::ingest::Taken;
use super::uploads::put_entries;
use crate::StoreError;
use crate::metadata::{
    ContentRow, EntryContent, EntryRow, ManifestKey, MetadataStoreExt as _, Transaction, VersionKey,
};

/// Content that was taken in, and is what was announced for an entry.
#[derive(Debug)]
pub(super) struct SentFile {
    pub(super) manifest: ManifestKey,
    pub(super) path: LogicalPath,
    pub(super) digest: ContentDigest,
    pub(super) taken: Taken,
}

/// What has become of it.
#[derive(Debug, Clone, Copy)]
enum Accepted {
    /// It is the content of an entry of this pending version, maybe in place of other content.
    Entry { version: VersionKey, replaced: bool },
    /// The version was committed with just this content.
    Known,
}

impl Core {
    /// Makes content that was taken in the content of an entry: one flush and one transaction for all that wait for it.
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
        let session = self.session()?;
        // Before the rows: a row promises that the bytes are durable.
        self.blobs.sync()?;
        let answers = self.metadata.writing(|tx| {
            let answers = files.iter().map(|file| accept(tx, file));
            answers.collect::<Result<Vec<_>, _>>()
        })?;
        let noted = files.iter().zip(answers).map(|(file, answer)| {
            match answer? {
                Accepted::Entry { version, replaced } => {
                    session.note_used(version, [&file.taken.key]);
                    if replaced {
                        session.note_content_given_up(version);
                    }
                }
                Accepted::Known => session.note_kept(&file.taken.key),
            }
            Ok(())
        });
        Ok(noted.collect())
    }
}

/// Writes the entry of a file. The outer error is one of the database, after which nothing may be relied on; the inner
/// one is a refusal, before anything was written.
fn accept(
    tx: &mut dyn Transaction,
    file: &SentFile,
) -> Result<Result<Accepted, StoreError>, StoreError> {
    let manifest = match Core::awaited_file(&*tx, file.manifest, &file.path, &file.digest) {
        Ok(Awaited::Pending(manifest)) => manifest,
        Ok(Awaited::Stored(key)) if key == file.taken.key => return Ok(Ok(Accepted::Known)),
        Ok(Awaited::Stored(_)) => {
            let what = "the version was committed meanwhile, with other content under this digest";
            return Ok(Err(StoreError::rejected(what)));
        }
        Err(refusal @ StoreError::Refused(_)) => return Ok(Err(refusal)),
        Err(error) => return Err(error),
    };
    let blob = tx.ensure_blobs(&[(file.taken.key, file.taken.size)])?[0];
    let present = tx.content_at(manifest.key, &file.path)?;
    // The same body sent twice changes nothing, even after the manifest.
    let is_same = |row: &ContentRow| (row.digest, row.blob) == (file.digest, blob.key);
    if !present.as_ref().is_some_and(is_same) {
        let entry = EntryRow {
            path: file.path.clone(),
            digest: file.digest.into(),
            size: Some(file.taken.size),
            content: EntryContent::Blob(blob.key),
            extra: Map::new(),
            birth: Some(blob.birth.unwrap_or(manifest.version)),
        };
        put_entries(tx, &manifest, &[entry])?;
    }
    Ok(Ok(Accepted::Entry {
        version: manifest.version,
        replaced: present.is_some_and(|row| row.blob != blob.key),
    }))
}
