//! Freeing space: expired versions, unreferenced content, and what dead writers leave behind.
//!
//! Content is deleted only while no writer is registered: a writer may be about to refer to content that it found here.
//! So unreferenced content is recorded first, and freed at once where there is no other writer, or else by the next writer
//! that finds itself alone.

use artifact_core::{ContentKey, QualifiedAddress, Timestamp};

use super::{Core, Engine};
use crate::StoreError;
use crate::blobs::{BlobRef, Place, Recovery};
use crate::metadata::{Abandoned, MetadataStoreExt as _, Scope, Snapshot, Transaction};

/// The number of blobs that one query returns.
const BATCH: u32 = 10_000;

/// Versions and content that can be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Garbage {
    /// Expired versions, in no order. Those that are linked to a portfolio are kept.
    pub expired: Vec<QualifiedAddress>,
    /// The number of blobs that are unreferenced once those are gone.
    pub blobs: u64,
    /// The size of these blobs in bytes.
    pub bytes: u64,
    /// Whether the space is free now; `false` while other writers are registered, and after a dry run.
    pub is_freed: bool,
}

impl Engine {
    /// Returns the garbage that [`collect_garbage`](Self::collect_garbage) would delete now; changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find_garbage(&self) -> Result<Garbage, StoreError> {
        self.blocking(|core| core.find_garbage()).await
    }

    /// Deletes expired versions, and frees unreferenced content. While other writers are registered, the content is
    /// only recorded: the next writer that finds itself alone frees it.
    ///
    /// # Errors
    /// When the store fails. Stopping half-way is harmless.
    pub async fn collect_garbage(&self) -> Result<Garbage, StoreError> {
        self.blocking(|core| core.collect_garbage()).await
    }
}

impl Core {
    fn find_garbage(&self) -> Result<Garbage, StoreError> {
        let mut found = None;
        // Rolled back: so it is exactly the garbage that would be deleted.
        let undone: Result<(), StoreError> = self.metadata.writing(&Scope::Whole, |tx| {
            found = Some(self.sweep(tx)?.0);
            Err(StoreError::rejected("it was only tried"))
        });
        match (found, undone) {
            (Some(garbage), _) => Ok(garbage),
            (None, undone) => undone.map(|()| Garbage::default()),
        }
    }

    fn collect_garbage(&self) -> Result<Garbage, StoreError> {
        let (mut garbage, unused) = self.metadata.writing(&Scope::Whole, |tx| self.sweep(tx))?;
        self.record_orphans(unused)?;
        garbage.is_freed = self
            .blobs
            .recover_if_unused(&mut |store| self.recover(store))?;
        Ok(garbage)
    }

    /// Deletes expired versions, and returns the content that is unreferenced afterwards.
    fn sweep(&self, tx: &mut dyn Transaction) -> Result<(Garbage, Vec<ContentKey>), StoreError> {
        let mut garbage = Garbage::default();
        for version in tx.expired_versions(self.now())? {
            garbage
                .expired
                .push(self.record_of(&*tx, version)?.address());
            self.delete_with_links(tx, version)?;
        }
        let mut unused = Vec::new();
        let mut after = None;
        loop {
            let blobs = tx.unused_blobs(after, BATCH)?;
            let Some(last) = blobs.last() else {
                return Ok((garbage, unused));
            };
            after = Some(last.key);
            for blob in blobs {
                garbage.blobs += 1;
                garbage.bytes += blob.size;
                unused.push(blob.content);
            }
        }
    }
}

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The time after which an inactive pending version of a remote client expires.
const UPLOAD_EXPIRY_MILLIS: i64 = DAY_MILLIS;

/// The same for a version that several clients write: some of them are done, and the one that commits may come much
/// later.
const DISTRIBUTED_UPLOAD_EXPIRY_MILLIS: i64 = 30 * DAY_MILLIS;

impl Core {
    /// Removes what dead writers have left behind: pending versions, content that nothing uses, drafts and records.
    /// Remote clients count as dead after a day without activity, the last of several writers of one version after
    /// thirty.
    ///
    /// Stopping half-way is harmless: the records go last.
    pub(super) fn recover(&self, store: &dyn Recovery) -> Result<(), StoreError> {
        // First, as it needs no space: the disk may be full of drafts.
        store.delete_drafts()?;
        let before = |patience| Timestamp::from_unix_millis(self.now().as_unix_millis() - patience);
        let abandoned = Abandoned {
            single: before(UPLOAD_EXPIRY_MILLIS),
            distributed: before(DISTRIBUTED_UPLOAD_EXPIRY_MILLIS),
        };
        // The records of the processes that put this content are gone by now.
        let content = |rows: &dyn Snapshot| rows.abandoned_content(&abandoned);
        self.record_orphans(self.metadata.reading(content)?)?;
        let dropped = self
            .metadata
            .writing(&Scope::Whole, |tx| tx.delete_pending_versions(&abandoned))?;
        self.delete_obsolete_parts()?;
        let removed = store.free_orphans(&mut |orphans| self.unused_places(orphans))?;
        if 0 < dropped || 0 < removed {
            tracing::info!(
                dropped,
                removed,
                store = self.location,
                "cleared up unfinished versions"
            );
        }
        Ok(())
    }

    /// Records content that may be unused, for the next recovery.
    pub(super) fn record_orphans(&self, keys: Vec<ContentKey>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let blobs: Vec<_> = keys.into_iter().map(BlobRef::of_content).collect();
        self.blobs.record_orphans(&blobs)
    }

    /// Forgets those of the blobs that nothing uses, and returns their places. Rows first: a row promises that the
    /// content is there.
    fn unused_places(&self, orphans: &[BlobRef]) -> Result<Vec<Place>, StoreError> {
        let keys: Vec<_> = orphans.iter().map(|orphan| orphan.key).collect();
        let unused = self
            .metadata
            .writing(&Scope::Whole, |tx| tx.delete_unused_blobs(&keys))?;
        Ok(unused.iter().map(Place::of_content).collect())
    }
}
