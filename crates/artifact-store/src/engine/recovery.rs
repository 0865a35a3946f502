//! Clearing up after writers that did not finish.

use artifact_core::{ContentKey, Timestamp};

use super::Core;
use crate::StoreError;
use crate::blobs::{BlobRef, Place, Recovery};
use crate::metadata::{Abandoned, MetadataStoreExt as _, Scope, Snapshot};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// How long a pending version of a client elsewhere is kept without a sign of its writer, in milliseconds.
const PATIENCE: i64 = DAY_MILLIS;

/// The same for a version that several write: those that are done have been told that their share is stored, and whoever
/// finishes it may come much later.
const PATIENCE_WITH_SHARES: i64 = 30 * DAY_MILLIS;

impl Core {
    /// Removes what dead writers have left behind: pending versions, content that nothing uses, drafts and records.
    /// Clients elsewhere count as dead after a day, the last of several writers of one version after thirty.
    ///
    /// Stopping half-way is harmless: the records go last.
    pub(super) fn recover(&self, store: &dyn Recovery) -> Result<(), StoreError> {
        // First, as it needs no space: the disk may be full of them.
        store.delete_drafts()?;
        let before = |patience| Timestamp::from_unix_millis(self.now().as_unix_millis() - patience);
        let abandoned = Abandoned {
            single: before(PATIENCE),
            distributed: before(PATIENCE_WITH_SHARES),
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
