//! Clearing up after writers that did not finish.

use super::Core;
use crate::StoreError;
use crate::layout::remove_if_there;
use crate::metadata::MetadataStoreExt as _;
use crate::session::{announced_keys, journals};

/// How many keys are looked up in one transaction.
const BATCH: usize = 10_000;

impl Core {
    /// Removes what dead writers have left: pending versions, blobs that nothing uses, drafts and journals.
    ///
    /// Only to be called while nobody else writes. Stopping half-way is harmless: the journals go last.
    pub(super) fn recover(&self) -> Result<(), StoreError> {
        // First, as it needs no room: the disk may be full of them.
        self.blobs.clear_drafts()?;
        let journals = journals(&self.layout)?;
        let dropped = self.metadata.writing(|tx| tx.delete_pending_versions())?;
        self.clear_parts()?;
        let mut removed = 0;
        for journal in &journals {
            for keys in announced_keys(journal)?.chunks(BATCH) {
                let unused = self.metadata.writing(|tx| tx.forget_unused_blobs(keys))?;
                // After the rows: a row promises that the file is there.
                unused.iter().try_for_each(|key| self.blobs.delete(key))?;
                removed += unused.len();
            }
        }
        journals
            .iter()
            .try_for_each(|journal| remove_if_there(journal))?;
        if 0 < dropped + removed {
            tracing::info!(
                dropped,
                removed,
                store = self.location,
                "cleared up unfinished versions"
            );
        }
        Ok(())
    }
}
