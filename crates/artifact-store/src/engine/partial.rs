//! Partial manifests: of versions that several writers write, and of increments of another version.

use std::io::{self, BufWriter, Write};

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentKey, DigestAlgorithm, LogicalPath, RunId};
use manifest::{ContentHasher, ManifestEntry, ManifestHeader, ManifestWriter};
use sha2::{Digest as _, Sha256};

use super::Core;
use super::reconciliation::digester_of;
use super::writer::Writer;
use crate::StoreError;
use crate::blobs::BlobDraft;
use crate::ids::artifact_id;
use crate::metadata::{
    ListedContent, ListedEntry, ManifestFile, ManifestKey, ManifestRow, PartialConflict, Snapshot,
    Transaction, VersionKey, VersionRow,
};

/// Checks a partial manifest all of whose entries have content, in the transaction that stores it: of two concurrent
/// ones, one is the later. It replaces what the same run wrote before.
pub(super) fn check_partial(
    tx: &mut dyn Transaction,
    writer: &Writer,
    partial: &ManifestRow,
    version: &VersionRow,
) -> Result<(), StoreError> {
    // Other processes may have put it, whose records are gone.
    let dropped = tx.delete_own_conflicts(partial.key)?;
    dropped
        .iter()
        .try_for_each(|key| writer.note_possible_orphan(key))?;
    if let Some(conflict) = tx.partial_conflict(partial.key)? {
        return Err(partial_conflict_error(&name_of(&*tx, version)?, &conflict));
    }
    // Its writer learns of a conflict here, and not at the commit, which may be another writer's.
    let base = base_version(&*tx, version, std::slice::from_ref(partial))?;
    let base = base.map(|base| tx.manifest_of(base)).transpose()?.flatten();
    base.map_or(Ok(()), |base| {
        check_against_base(&*tx, version, partial.key, &base)
    })
}

/// Checks that no path of a manifest is a folder in the base version, nor the other way round.
pub(super) fn check_against_base(
    rows: &dyn Snapshot,
    version: &VersionRow,
    manifest: ManifestKey,
    base: &ManifestRow,
) -> Result<(), StoreError> {
    let Some(conflict) = rows.base_conflict(manifest, base.key)? else {
        return Ok(());
    };
    let name = name_of(rows, version)?;
    let index = rows
        .version_record(base.version)?
        .and_then(|base| base.index);
    let below = index.map_or_else(|| name.clone(), |index| format!("{name}:{index}"));
    let (path, base_path) = (&conflict.path, &conflict.base_path);
    Err(StoreError::rejected(format!(
        "{path} cannot come on top of {below}, which has {base_path}: {}; give it another path, or log a version without {base_path} first",
        file_and_folder(path, base_path)
    )))
}

/// Returns the base version of increments: the newest one now, which may be newer than the one that the writer knew.
pub(super) fn base_version(
    rows: &dyn Snapshot,
    version: &VersionRow,
    partials: &[ManifestRow],
) -> Result<Option<VersionKey>, StoreError> {
    let is_increment = |partial: &&ManifestRow| partial.kind == ManifestKind::Incremental;
    let mut increments = partials.iter().filter(is_increment).peekable();
    if increments.peek().is_none() {
        return Ok(None);
    }
    let newest = rows.newest_version(version.collection)?;
    Ok(newest.or_else(|| increments.find_map(|partial| partial.base)))
}

fn partial_conflict_error(name: &str, conflict: &PartialConflict) -> StoreError {
    let writer = |run: &Option<RunId>| match run {
        Some(run) => format!("run {run}"),
        None => "a writer outside a run".to_owned(),
    };
    let (path, other_path) = (&conflict.path, &conflict.other_path);
    let (own, other) = (writer(&conflict.own), writer(&conflict.other));
    StoreError::rejected(if path == other_path {
        format!(
            "{path} of artifact {name} was written by {other}, and {own} has other content for it: all writers of one version must have the same at one path"
        )
    } else {
        format!(
            "{other_path} of artifact {name} was written by {other}, and {own} has {path}: {}; give one of them another path",
            file_and_folder(path, other_path)
        )
    })
}

/// Describes which of two paths would be a file and a folder.
fn file_and_folder(one: &LogicalPath, other: &LogicalPath) -> String {
    let outer = if one.is_at_or_below(other) {
        other
    } else {
        one
    };
    format!("{outer} would be a file and a folder at once")
}

fn name_of(rows: &dyn Snapshot, version: &VersionRow) -> Result<String, StoreError> {
    let found = rows.version_record(version.key)?;
    Ok(found.map_or_else(String::new, |found| found.sequence.name.to_string()))
}

/// The size of the buffer through which a manifest file is written, in bytes.
const CHUNK_SIZE: usize = 256 << 10;

/// The number of entries that one query returns.
const BATCH: u32 = 1000;

impl Core {
    /// Merges the partial manifests that have a file into one full manifest, still without a file. Sets the digest and
    /// totals of the version.
    pub(super) fn merge_partials(
        tx: &mut dyn Transaction,
        writer: &Writer,
        version: &mut VersionRow,
        partials: &[ManifestRow],
    ) -> Result<ManifestKey, StoreError> {
        let arrived = || partials.iter().filter(|partial| partial.file.is_some());
        if arrived().next().is_none() {
            return Err(Self::no_manifest(version.key));
        }
        let base = base_version(&*tx, version, partials)?;
        let whole = tx.insert_manifest(version.key, ManifestKind::Full, base, None)?;
        for partial in arrived() {
            tx.merge_partial(whole, partial.key)?;
        }
        let base = match base {
            Some(base) => tx.manifest_of(base)?,
            None => None,
        };
        if let Some(base) = base {
            check_against_base(&*tx, version, whole, &base)?;
            tx.merge_base(whole, base.key)?;
        }
        // Content of writers that died or replaced it: other processes, whose records are gone.
        let left_out = tx.unmerged_content(version.key, whole)?;
        left_out
            .iter()
            .try_for_each(|key| writer.note_possible_orphan(key))?;
        for partial in partials {
            tx.delete_manifest(partial.key)?;
        }
        version.digest = digester_of(&*tx, whole, version.algorithm)?.finish();
        tx.set_digest(version.key, &version.digest)?;
        let (size, file_count) = tx.manifest_totals(whole)?;
        if version.is_distributed && file_count == 0 {
            return Err(nothing_to_finish(&*tx, version)?);
        }
        tx.set_totals(version.key, size, file_count)?;
        Ok(whole)
    }

    /// Writes the file of a manifest from its entries: the same bytes for the same entries.
    pub(super) fn write_manifest(
        &self,
        tx: &mut dyn Transaction,
        writer: &Writer,
        version: VersionKey,
        manifest: ManifestKey,
    ) -> Result<(), StoreError> {
        let mut file = ManifestDraft {
            draft: writer.draft(None)?,
            sha256: Sha256::new(),
            md5: ContentHasher::new(DigestAlgorithm::Md5),
            size: 0,
        };
        write_entries(&*tx, manifest, version, &mut file)?;
        let key = ContentKey::from_bytes(file.sha256.finalize().into());
        writer.put_draft(file.draft, key, file.size)?;
        writer.note_used(version, [&key]);
        // The row promises that the bytes are durable.
        self.blobs.barrier()?;
        let blob = tx.ensure_blobs(&[(key, file.size)])?[0].key;
        let digest = file.md5.finish();
        tx.set_manifest_file(manifest, Some(ManifestFile { blob, digest }))
    }
}

/// Returns the error for an empty distributed version, which would only hide the one before it: most likely the name is
/// wrong, or the version has been finished already.
fn nothing_to_finish(rows: &dyn Snapshot, version: &VersionRow) -> Result<StoreError, StoreError> {
    let found = rows.version_record(version.key)?;
    let name = found.map_or_else(String::new, |found| {
        format!("{}/{}", found.sequence.project, found.sequence.name)
    });
    Ok(StoreError::rejected(format!(
        "no writer has given {name} anything since it was finished last, so there is nothing to finish"
    )))
}

fn write_entries(
    rows: &dyn Snapshot,
    manifest: ManifestKey,
    version: VersionKey,
    file: &mut ManifestDraft,
) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("write", "a manifest file")(error);
    let out = BufWriter::with_capacity(CHUNK_SIZE, file);
    let mut writer = ManifestWriter::new(out, &ManifestHeader::default()).map_err(failed)?;
    let mut after = String::new();
    loop {
        let entries = rows.entries_after(manifest, &after, BATCH)?;
        let Some(last) = entries.last() else { break };
        last.path.as_str().clone_into(&mut after);
        for ListedEntry {
            path,
            digest,
            size,
            content,
            extra,
            birth,
        } in entries
        {
            let (reference, birth) = match content {
                ListedContent::Blob(_) => (None, Some(birth.unwrap_or(version))),
                ListedContent::Reference(uri) => (Some(uri), None),
            };
            let entry = ManifestEntry {
                digest,
                reference,
                size,
                birth_artifact: birth.map(|birth| artifact_id(birth).0.into()),
                extra,
            };
            writer.entry(&path, &entry).map_err(failed)?;
        }
    }
    let mut out = writer.finish().map_err(failed)?;
    out.flush().map_err(failed)
}

/// A manifest file that is being written, hashed on the way.
struct ManifestDraft {
    draft: Box<dyn BlobDraft>,
    sha256: Sha256,
    md5: ContentHasher,
    size: u64,
}

impl Write for ManifestDraft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.draft.append(bytes).map_err(io::Error::other)?;
        self.sha256.update(bytes);
        self.md5.update(bytes);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
