//! Taking away what is of no use any more: versions whose time is over, and content that nothing refers to.
//!
//! Content is only removed while nobody writes, as after a writer that died: a living one may be about to refer to
//! content that it found here. So what nothing refers to is written into a journal first, and freed at once if nobody
//! else writes, or else by the next writer that finds itself alone.

use artifact_core::{ContentKey, QualifiedAddress};

use super::{Core, Engine};
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, Scope, Transaction};

/// How many blobs are looked at in one question.
const BATCH: u32 = 10_000;

/// What is of no use any more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Garbage {
    /// Versions whose TTL is over, in no order. Those that are linked to a portfolio are kept.
    pub expired: Vec<QualifiedAddress>,
    /// How many contents nothing refers to once those are gone.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether the bytes are free now; `false` while others write, and after a search.
    pub is_freed: bool,
}

impl Engine {
    /// Says what [`collect_garbage`](Self::collect_garbage) would take away now; changes nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find_garbage(&self) -> Result<Garbage, StoreError> {
        self.blocking(|core| core.find_garbage()).await
    }

    /// Deletes the versions whose TTL is over, and frees the content that nothing refers to. While others write to the
    /// store it is not freed but noted: the next writer that finds itself alone frees it.
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
        // Done and undone: so it is what would be done, to the last rule.
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

    /// Deletes what has expired, and returns what nothing refers to afterwards.
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
