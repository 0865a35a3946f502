//! A large manifest file, held against the entries in many short transactions.
//!
//! In one transaction, a million entries would keep every other writer waiting until they are all written. So they are
//! written step by step, to a manifest without a file: nobody commits such a version, and what is written of it counts
//! for as little as the files that were sent before. Only the last step gives the manifest its file. A client that tries
//! again, after a crash for instance, begins anew over whatever is there.

use std::mem;
use std::sync::PoisonError;

use artifact_core::LogicalPath;
use manifest::ManifestEntry;

use super::Core;
use super::manifests::{AcceptedManifest, SentManifest, finish_manifest};
use super::reconcile::{Reconciliation, read_manifest};
use crate::StoreError;
use crate::ids::artifact_id;
use crate::metadata::{
    ManifestRow, MetadataStoreExt as _, Scope, Snapshot, StoringMark, Transaction,
};

/// The longest manifest file that is stored in one transaction, in bytes: a few thousand entries.
const LARGE: u64 = 1 << 20;

/// How many entries are written in one transaction: for a few tens of milliseconds.
const STEP: usize = 5000;

/// Entries that were read from the file and are not written yet.
type Entries = Vec<(LogicalPath, ManifestEntry)>;

/// Whether storing a manifest file of so many bytes in one transaction would keep others waiting.
pub(super) const fn is_large_manifest(bytes: u64) -> bool {
    LARGE < bytes
}

impl Core {
    /// Makes a large manifest file that of its manifest.
    pub(super) fn accept_in_steps(
        &self,
        file: &SentManifest,
    ) -> Result<AcceptedManifest, StoreError> {
        // One at a time: two would only be in each other's way, and one that is sent twice ends as the same twice.
        let _turn = self
            .storing_large_manifest
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(steps) = Steps::begin(self, file)? else {
            let manifest = self
                .metadata
                .reading(|rows| self.open_manifest(rows, file.key))?;
            return Ok(AcceptedManifest {
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
        read_manifest(self.stored_content(&file.taken.key)?, |path, entry| {
            entries.push((path, entry));
            if entries.len() < STEP {
                return Ok(());
            }
            steps.write(&mut merge, mem::take(&mut entries))
        })?;
        steps.finish(merge, entries)
    }
}

/// The transactions that store one manifest.
struct Steps<'c> {
    core: &'c Core,
    file: &'c SentManifest,
    /// The manifest as it was before.
    before: ManifestRow,
    mark: StoringMark,
}

impl<'c> Steps<'c> {
    /// Takes the manifest's file away, if it has another one; `None` where it has this one.
    fn begin(core: &'c Core, file: &'c SentManifest) -> Result<Option<Self>, StoreError> {
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
            // Whether or not the new one comes to its end.
            core.writer()?.note_content_dropped(before.version);
        }
        Ok(Some(Self {
            core,
            file,
            before,
            mark,
        }))
    }

    /// Removes what an earlier upload of the same manifest has left.
    fn remove_references(&self) -> Result<(), StoreError> {
        let limit = u32::try_from(STEP).unwrap_or(u32::MAX);
        let mut after = Some(String::new());
        while let Some(last) = after {
            after = self.core.metadata.writing(&Scope::Whole, |tx| {
                self.undisturbed(&*tx)?;
                tx.delete_references(self.before.key, &last, limit)
            })?;
        }
        Ok(())
    }

    fn write(&self, merge: &mut Reconciliation, entries: Entries) -> Result<(), StoreError> {
        let mut entries = Once(Some(entries));
        self.core.metadata.writing(&Scope::Whole, |tx| {
            self.undisturbed(&*tx)?;
            take_all(tx, merge, entries.take(self)?)
        })
    }

    fn finish(
        &self,
        merge: Reconciliation,
        entries: Entries,
    ) -> Result<AcceptedManifest, StoreError> {
        let writer = self.core.writer()?;
        let mut rest = Once(Some((merge, entries)));
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let manifest = self.undisturbed(&*tx)?;
            let version = self.core.pending_version(&*tx, manifest.version)?;
            let (mut merge, entries) = rest.take(self)?;
            take_all(tx, &mut merge, entries)?;
            finish_manifest(tx, writer, &manifest, &version, self.file, merge)
        })
    }

    /// Returns the manifest, unless somebody else has changed its entries since this began.
    fn undisturbed(&self, rows: &dyn Snapshot) -> Result<ManifestRow, StoreError> {
        let manifest = self.core.open_manifest(rows, self.before.key)?;
        if manifest.storing == Some(self.mark) {
            return Ok(manifest);
        }
        Err(self.disturbed())
    }

    fn disturbed(&self) -> StoreError {
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

/// What only one run of a transaction may use. A store that runs one again has undone what the first run wrote, which
/// what is kept beside the transaction does not know.
struct Once<T>(Option<T>);

impl<T> Once<T> {
    fn take(&mut self, steps: &Steps<'_>) -> Result<T, StoreError> {
        self.0.take().ok_or_else(|| steps.disturbed())
    }
}
