//! Writers of a folder, and recovery of what dead ones leave behind.

use std::fs::File;
use std::sync::Arc;

use artifact_core::ContentKey;

use super::draft::{FileDraft, put_bytes};
use super::layout::{files_in, remove_if_there};
use super::lock::WriterLock;
use super::orphan_journal::{OrphanJournal, journals, keys_in};
use super::{Folder, FolderBlobs};
use artifact_store::StoreError;
use artifact_store::blobs::{
    BlobDraft, BlobRef, BlobStore as _, BlobWriter, LocalDraft, LocalDrafts, Place, Recovery,
    RecoveryFn, UnusedFn, WriterRegistry,
};

/// The number of orphans that are looked up at once.
const BATCH: usize = 10_000;

/// A writer: its hold of the lock, and its journal.
#[derive(Debug)]
struct FolderWriter {
    lock: WriterLock,
    state: Arc<WriterState>,
}

/// State of a writer that its drafts share.
#[derive(Debug)]
pub(super) struct WriterState {
    pub(super) folder: Arc<Folder>,
    pub(super) journal: OrphanJournal,
}

impl WriterRegistry for FolderBlobs {
    fn register_writer(
        &self,
        recover: &mut RecoveryFn<'_>,
    ) -> Result<Box<dyn BlobWriter>, StoreError> {
        self.0.layout.create()?;
        let lock = WriterLock::open(&self.0.layout)?;
        lock.exclusively(|| recover(self))?;
        lock.lock_shared()?;
        Ok(Box::new(FolderWriter {
            lock,
            state: Arc::new(WriterState {
                journal: OrphanJournal::create(&self.0.layout)?,
                folder: Arc::clone(&self.0),
            }),
        }))
    }

    fn recover_if_unused(&self, recover: &mut RecoveryFn<'_>) -> Result<bool, StoreError> {
        self.0.layout.create()?;
        WriterLock::open(&self.0.layout)?.exclusively(|| recover(self))
    }

    fn record_orphans(&self, blobs: &[BlobRef]) -> Result<(), StoreError> {
        self.0.layout.create()?;
        OrphanJournal::write(&self.0.layout, blobs.iter().map(|blob| blob.key))
    }
}

impl BlobWriter for FolderWriter {
    fn draft(&self, size_hint: Option<u64>) -> Result<Box<dyn BlobDraft>, StoreError> {
        Ok(Box::new(FileDraft::create(&self.state, size_hint)?))
    }

    fn put(&self, key: &ContentKey, bytes: &[u8]) -> Result<Place, StoreError> {
        put_bytes(&self.state, key, bytes)
    }

    fn local(&self) -> Option<&dyn LocalDrafts> {
        Some(self)
    }

    fn record_orphan(&self, blob: &BlobRef) -> Result<(), StoreError> {
        self.state.journal.append(&blob.key)
    }

    fn compact(&self, unsettled: &mut dyn FnMut() -> Vec<ContentKey>) -> Result<(), StoreError> {
        self.state.journal.compact(unsettled)
    }

    fn leave(
        self: Box<Self>,
        is_settled: bool,
        recover: &mut RecoveryFn<'_>,
    ) -> Result<(), StoreError> {
        if is_settled {
            return self.state.journal.remove();
        }
        let store = FolderBlobs(Arc::clone(&self.state.folder));
        self.lock.unlock()?;
        self.lock.exclusively(|| recover(&store)).map(drop)
    }
}

impl LocalDrafts for FolderWriter {
    fn clone_of(&self, source: &File) -> Result<Option<Box<dyn LocalDraft>>, StoreError> {
        let clone = FileDraft::clone_of(&self.state, source)?;
        Ok(clone.map(|draft| Box::new(draft) as Box<dyn LocalDraft>))
    }
}

impl Recovery for FolderBlobs {
    fn delete_drafts(&self) -> Result<(), StoreError> {
        let drafts = files_in(&self.0.layout.drafts())?;
        drafts.iter().try_for_each(|draft| remove_if_there(draft))
    }

    fn free_orphans(&self, unused: &mut UnusedFn<'_>) -> Result<u64, StoreError> {
        let mut freed = 0;
        let journals = journals(&self.0.layout)?;
        for journal in &journals {
            for keys in keys_in(journal)?.chunks(BATCH) {
                let blobs: Vec<_> = keys.iter().copied().map(BlobRef::of_content).collect();
                let places = unused(&blobs)?;
                self.delete(&places)?;
                freed += places.len() as u64;
            }
        }
        // Last, so that stopping half-way is harmless.
        let mut journals = journals.iter();
        journals.try_for_each(|journal| remove_if_there(journal))?;
        Ok(freed)
    }
}
