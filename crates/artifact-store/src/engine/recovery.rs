//! Clearing up after writers that did not finish.

use std::fs;

use artifact_core::Timestamp;

use super::Core;
use crate::StoreError;
use crate::layout::remove_if_there;
use crate::metadata::{Abandoned, MetadataStoreExt as _, Scope, Snapshot};
use crate::session::{announced_keys, journals};

/// How many keys are looked up in one transaction.
const BATCH: usize = 10_000;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// How long a pending version of a client elsewhere is kept without a sign of its writer, in milliseconds.
const PATIENCE: i64 = DAY_MILLIS;

/// The same for a version that several write: those that are done have been told that their share is stored, and whoever
/// finishes it may come much later.
const PATIENCE_WITH_SHARES: i64 = 30 * DAY_MILLIS;

impl Core {
    /// Removes what dead writers have left: pending versions, blobs that nothing uses, drafts and journals. Writers
    /// elsewhere are taken for dead after a day, the last of several that write one version after thirty.
    ///
    /// Only to be called while nobody else writes. Stopping half-way is harmless: the journals go last.
    pub(super) fn recover(&self) -> Result<(), StoreError> {
        // First, as it needs no room: the disk may be full of them.
        self.blobs.clear_drafts()?;
        let before = |patience| Timestamp::from_unix_millis(self.now().as_unix_millis() - patience);
        let abandoned = Abandoned {
            single: before(PATIENCE),
            distributed: before(PATIENCE_WITH_SHARES),
        };
        self.write_off(&abandoned)?;
        let journals = journals(&self.layout)?;
        let dropped = self
            .metadata
            .writing(&Scope::Whole, |tx| tx.delete_pending_versions(&abandoned))?;
        self.clear_parts()?;
        let mut removed = 0;
        for journal in &journals {
            for keys in announced_keys(journal)?.chunks(BATCH) {
                let unused = self
                    .metadata
                    .writing(&Scope::Whole, |tx| tx.delete_unused_blobs(keys))?;
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

    /// Writes down what is used by versions that are about to be given up: the journals of the processes that took it
    /// in are gone by now.
    fn write_off(&self, abandoned: &Abandoned) -> Result<(), StoreError> {
        let content = |rows: &dyn Snapshot| rows.abandoned_content(abandoned);
        let keys = self.metadata.reading(content)?;
        if keys.is_empty() {
            return Ok(());
        }
        let name = format!("{}.keys", self.options.unique_name());
        let journal = self.layout.sessions().join(name);
        let bytes: Vec<u8> = keys.iter().flat_map(|key| *key.as_bytes()).collect();
        fs::write(&journal, bytes).map_err(StoreError::io("write", journal))
    }
}
