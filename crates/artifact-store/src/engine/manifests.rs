//! The manifest of a pending version: created, announced, and checked against the stored entries.
//!
//! A large manifest is stored in many short transactions. In one, a million entries would keep all other writers waiting.
//! Its entries are written step by step to a manifest without a file, which cannot be committed; only the last step sets
//! the file. A client that tries again, for instance after a crash, begins anew over the entries that are there.

use std::mem;
use std::sync::PoisonError;

use artifact_core::ports::{CreateManifest, ManifestKind, ManifestReceipt};
use artifact_core::{ArtifactDigest, ContentDigest, DigestAlgorithm, LogicalPath};
use manifest::ManifestEntry;

use super::Core;
use super::partial::check_partial;
use super::reconciliation::{BATCH, Reconciliation, read_manifest};
use super::transfer::IngestedContent;
use super::writer::Writer;
use crate::StoreError;
use crate::ids::{artifact_id, manifest_id, version_key};
use crate::metadata::{
    ManifestFile, ManifestKey, ManifestRow, MetadataStoreExt as _, Scope, Snapshot, StoringMark,
    Transaction, VersionKey, VersionRow,
};
use crate::tickets::UploadTarget;

impl Core {
    /// Creates the manifest of a pending version unless it exists, and returns a ticket for its file. A distributed
    /// version gets a new one with every call.
    pub(crate) fn create_manifest(
        &self,
        request: &CreateManifest,
    ) -> Result<ManifestReceipt, StoreError> {
        let version = version_key(&request.artifact)?;
        let base = request.base.as_ref().map(version_key).transpose()?;
        request.upload.as_ref().map_or(Ok(()), check_announced)?;
        self.writer()?;
        let manifest = self.metadata.writing(&Scope::Whole, |tx| {
            let version = self.pending_version(&*tx, version)?;
            tx.update_version(version.key, None, None, None, self.now())?;
            if let Some(present) = present_manifest(&*tx, &version, request.kind)? {
                return Ok(present.key);
            }
            let base = match base {
                Some(base) => Some(self.checked_base(&*tx, &version, base)?),
                None => None,
            };
            // The writer of a partial manifest matters when partial manifests are merged.
            let writer = request.run.as_ref();
            let writer = writer.filter(|_| request.kind != ManifestKind::Full);
            let run = writer.map(|run| self.existing_run(&*tx, run)).transpose()?;
            tx.insert_manifest(version.key, request.kind, base, run)
        })?;
        Ok(receipt(manifest, request.upload))
    }

    /// Returns a ticket for the file of a manifest of a pending version, given where the caller knows it.
    pub(crate) fn update_manifest(
        &self,
        version: Option<VersionKey>,
        manifest: ManifestKey,
        digest: ContentDigest,
    ) -> Result<ManifestReceipt, StoreError> {
        check_announced(&digest)?;
        self.metadata.writing(&Scope::Whole, |tx| {
            // A clearer error than that there is no such manifest: a committed version has no partial manifests.
            version.map_or(Ok(()), |version| {
                self.pending_version(&*tx, version).map(drop)
            })?;
            let manifest = self.open_manifest(&*tx, manifest)?;
            check_version(&manifest, version)?;
            tx.update_version(manifest.version, None, None, None, self.now())
        })?;
        Ok(receipt(manifest, Some(digest)))
    }

    /// Checks a base version: a manifest may inherit entries from it, so it must be of the same collection.
    fn checked_base(
        &self,
        rows: &dyn Snapshot,
        version: &VersionRow,
        base: VersionKey,
    ) -> Result<VersionKey, StoreError> {
        let found = self.committed_version(rows, base)?;
        if found.collection == version.collection {
            return Ok(found.key);
        }
        Err(StoreError::rejected(format!(
            "artifact {} cannot follow {}, which is of another collection",
            artifact_id(version.key),
            artifact_id(base)
        )))
    }

    /// Makes checked content the file of a manifest, after comparing it with the stored entries.
    pub(super) fn finish_manifest_upload(
        &self,
        manifest: ManifestKey,
        digest: &ContentDigest,
        content: IngestedContent,
    ) -> Result<(), StoreError> {
        let writer = self.writer()?;
        self.blobs.barrier()?;
        let file = UploadedManifest {
            key: manifest,
            digest: *digest,
            content,
        };
        let accepted = if is_large_manifest(content.size) {
            self.store_in_steps(&file)?
        } else {
            self.metadata
                .writing(&Scope::Whole, |tx| self.store_at_once(tx, writer, &file))?
        };
        writer.note_used(accepted.version, [&content.key]);
        if accepted.replaced {
            writer.note_content_dropped(accepted.version);
        }
        Ok(())
    }

    fn store_at_once(
        &self,
        tx: &mut dyn Transaction,
        writer: &Writer,
        file: &UploadedManifest,
    ) -> Result<StoredManifest, StoreError> {
        let manifest = self.open_manifest(&*tx, file.key)?;
        let version = self.pending_version(&*tx, manifest.version)?;
        if file.is_file_of(&manifest) {
            return Ok(StoredManifest {
                version: version.key,
                replaced: false,
            });
        }
        remove_references(tx, manifest.key)?;
        let mut merge = Reconciliation::new(&*tx, &manifest, &version)?;
        read_manifest(self.stored_content(&file.content.key)?, |path, entry| {
            merge.take(tx, path, entry)
        })?;
        finish_manifest(tx, writer, &manifest, &version, file, merge)
    }
}

/// A manifest file that was ingested, and has its announced digest.
#[derive(Debug, Clone, Copy)]
pub(super) struct UploadedManifest {
    pub(super) key: ManifestKey,
    pub(super) digest: ContentDigest,
    pub(super) content: IngestedContent,
}

/// The result of storing a manifest file.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredManifest {
    pub(super) version: VersionKey,
    /// Whether the version has dropped content for it.
    pub(super) replaced: bool,
}

impl UploadedManifest {
    /// Whether the manifest has this file already, so that the entries agree with it.
    pub(super) fn is_file_of(&self, manifest: &ManifestRow) -> bool {
        manifest.file == Some((self.content.key, self.digest))
    }
}

/// Removes the references that an earlier upload of the same manifest has left.
fn remove_references(tx: &mut dyn Transaction, manifest: ManifestKey) -> Result<(), StoreError> {
    let mut after = Some(String::new());
    while let Some(last) = after {
        after = tx.delete_references(manifest, &last, BATCH)?;
    }
    Ok(())
}

/// Checks the totals of the entries, and sets the file of the manifest.
pub(super) fn finish_manifest(
    tx: &mut dyn Transaction,
    writer: &Writer,
    manifest: &ManifestRow,
    version: &VersionRow,
    file: &UploadedManifest,
    merge: Reconciliation,
) -> Result<StoredManifest, StoreError> {
    let totals = merge.finish(tx)?;
    if manifest.kind == ManifestKind::Full {
        check_digest(version, &totals.digest)?;
        tx.set_totals(version.key, totals.size, totals.file_count)?;
    } else {
        check_partial(tx, writer, manifest, version)?;
    }
    let blob = tx.ensure_blobs(&[(file.content.key, file.content.size)])?[0].key;
    let digest = file.digest;
    tx.set_manifest_file(manifest.key, Some(ManifestFile { blob, digest }))?;
    Ok(StoredManifest {
        version: version.key,
        replaced: manifest.file.is_some() || 0 < totals.unlisted,
    })
}

/// Returns the existing manifest that a request to create one means, if any.
fn present_manifest(
    rows: &dyn Snapshot,
    version: &VersionRow,
    kind: ManifestKind,
) -> Result<Option<ManifestRow>, StoreError> {
    let full = rows.manifest_of(version.key)?;
    let mut partials = rows.partial_manifests(version.key)?.into_iter();
    let mixed = || {
        let id = artifact_id(version.key);
        StoreError::rejected(format!(
            "artifact {id} has a manifest of another kind already"
        ))
    };
    match kind {
        ManifestKind::Full if partials.len() == 0 => Ok(full),
        ManifestKind::Full => Err(mixed()),
        _ if full.is_some() => Err(mixed()),
        // One for each call of each writer.
        ManifestKind::Patch => Ok(None),
        _ if version.is_distributed => Ok(None),
        _ => Ok(partials.find(|partial| partial.kind == kind)),
    }
}

fn check_announced(digest: &ContentDigest) -> Result<(), StoreError> {
    if digest.algorithm() == DigestAlgorithm::Md5 {
        return Ok(());
    }
    Err(StoreError::rejected(
        "manifest files are announced by their MD5",
    ))
}

fn receipt(manifest: ManifestKey, upload: Option<ContentDigest>) -> ManifestReceipt {
    let target = upload.map(|digest| UploadTarget::Manifest { manifest, digest });
    ManifestReceipt {
        id: manifest_id(manifest),
        upload: target.map(|target| target.to_ticket()),
    }
}

/// Checks that a manifest belongs to the version that the caller names.
pub(super) fn check_version(
    manifest: &ManifestRow,
    version: Option<VersionKey>,
) -> Result<(), StoreError> {
    match version {
        Some(version) if version != manifest.version => Err(StoreError::rejected(format!(
            "the manifest is not one of artifact {}",
            artifact_id(version)
        ))),
        _ => Ok(()),
    }
}

/// Checks the digest of the entries. Versions are deduplicated by it, so a wrong one would replace the content that
/// other writers log under the right one.
fn check_digest(version: &VersionRow, found: &ArtifactDigest) -> Result<(), StoreError> {
    if *found == version.digest {
        return Ok(());
    }
    Err(StoreError::rejected(format!(
        "artifact {} was announced with the digest {}, but its entries have {found}",
        artifact_id(version.key),
        version.digest
    )))
}

/// The size up to which a manifest file is stored in one transaction, in bytes: a few thousand entries.
const LARGE: u64 = 1 << 20;

/// The number of entries that one transaction writes, which takes a few tens of milliseconds.
const STEP: usize = 5000;

/// Entries that were read from the file and are not written yet.
type Entries = Vec<(LogicalPath, ManifestEntry)>;

/// Whether storing a manifest file of this size in one transaction would keep other writers waiting.
pub(super) const fn is_large_manifest(bytes: u64) -> bool {
    LARGE < bytes
}

impl Core {
    /// Stores a large manifest file in many transactions.
    pub(super) fn store_in_steps(
        &self,
        file: &UploadedManifest,
    ) -> Result<StoredManifest, StoreError> {
        // One at a time: two would only slow each other down, and one that is sent twice ends the same way twice.
        let _turn = self
            .storing_large_manifest
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(steps) = StoringSteps::begin(self, file)? else {
            let manifest = self
                .metadata
                .reading(|rows| self.open_manifest(rows, file.key))?;
            return Ok(StoredManifest {
                version: manifest.version,
                replaced: false,
            });
        };
        steps.remove_references()?;
        let mut merge = self.metadata.reading(|rows| {
            let version = self.pending_version(rows, steps.before.version)?;
            Reconciliation::new(rows, &steps.before, &version)
        })?;
        let mut entries = Entries::with_capacity(STEP);
        read_manifest(self.stored_content(&file.content.key)?, |path, entry| {
            entries.push((path, entry));
            if entries.len() < STEP {
                return Ok(());
            }
            steps.write(&mut merge, mem::take(&mut entries))
        })?;
        steps.finish(merge, entries)
    }
}

/// The transactions that store one manifest file.
struct StoringSteps<'c> {
    core: &'c Core,
    file: &'c UploadedManifest,
    /// The manifest before the first of them.
    before: ManifestRow,
    mark: StoringMark,
}

impl<'c> StoringSteps<'c> {
    /// Removes the file of the manifest, if it is another one; `None` where it is this one.
    fn begin(core: &'c Core, file: &'c UploadedManifest) -> Result<Option<Self>, StoreError> {
        let begun = core.metadata.writing(&Scope::Whole, |tx| {
            let before = core.open_manifest(&*tx, file.key)?;
            if file.is_file_of(&before) {
                return Ok(None);
            }
            let mark = tx.begin_storing(file.key)?;
            Ok(Some((before, mark)))
        })?;
        let Some((before, mark)) = begun else {
            return Ok(None);
        };
        if before.file.is_some() {
            // Whether or not the new one is stored completely.
            core.writer()?.note_content_dropped(before.version);
        }
        Ok(Some(Self {
            core,
            file,
            before,
            mark,
        }))
    }

    /// Removes the references that an earlier upload of the same manifest has left.
    fn remove_references(&self) -> Result<(), StoreError> {
        let limit = u32::try_from(STEP).unwrap_or(u32::MAX);
        let mut after = Some(String::new());
        while let Some(last) = after {
            after = self.core.metadata.writing(&Scope::Whole, |tx| {
                self.check_unchanged(&*tx)?;
                tx.delete_references(self.before.key, &last, limit)
            })?;
        }
        Ok(())
    }

    fn write(&self, merge: &mut Reconciliation, entries: Entries) -> Result<(), StoreError> {
        let mut entries = Once(Some(entries));
        self.core.metadata.writing(&Scope::Whole, |tx| {
            self.check_unchanged(&*tx)?;
            take_all(tx, merge, entries.take(self)?)
        })
    }

    fn finish(
        &self,
        merge: Reconciliation,
        entries: Entries,
    ) -> Result<StoredManifest, StoreError> {
        let writer = self.core.writer()?;
        let mut rest = Once(Some((merge, entries)));
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let manifest = self.check_unchanged(&*tx)?;
            let version = self.core.pending_version(&*tx, manifest.version)?;
            let (mut merge, entries) = rest.take(self)?;
            take_all(tx, &mut merge, entries)?;
            finish_manifest(tx, writer, &manifest, &version, self.file, merge)
        })
    }

    /// Returns the manifest, unless its entries were changed from outside since the first transaction.
    fn check_unchanged(&self, rows: &dyn Snapshot) -> Result<ManifestRow, StoreError> {
        let manifest = self.core.open_manifest(rows, self.before.key)?;
        if manifest.storing == Some(self.mark) {
            return Ok(manifest);
        }
        Err(self.changed_meanwhile())
    }

    fn changed_meanwhile(&self) -> StoreError {
        StoreError::rejected(format!(
            "the entries of artifact {} changed while its manifest was being stored; the manifest has to be sent again",
            artifact_id(self.before.version)
        ))
    }
}

fn take_all(
    tx: &mut dyn Transaction,
    merge: &mut Reconciliation,
    entries: Entries,
) -> Result<(), StoreError> {
    for (path, entry) in entries {
        merge.take(tx, path, entry)?;
    }
    merge.flush(tx)
}

/// A value that only one run of a transaction may use. A store that reruns a transaction has undone the writes of the
/// first run, but not the changes to state kept beside the transaction.
struct Once<T>(Option<T>);

impl<T> Once<T> {
    fn take(&mut self, steps: &StoringSteps<'_>) -> Result<T, StoreError> {
        self.0.take().ok_or_else(|| steps.changed_meanwhile())
    }
}
