//! The lock of a store: shared by writers, exclusive for recovery.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use super::layout::StoreLayout;
use artifact_store::StoreError;

/// A handle on the lock file. Dropping it releases the lock.
#[derive(Debug)]
pub(super) struct WriterLock {
    file: File,
    path: PathBuf,
}

impl WriterLock {
    /// Opens the lock file, and creates it where there is none.
    pub(super) fn open(layout: &StoreLayout) -> Result<Self, StoreError> {
        Ok(Self {
            file: layout.open_lock()?,
            path: layout.lock(),
        })
    }

    /// Waits until no recovery runs, and keeps further ones away.
    pub(super) fn lock_shared(&self) -> Result<(), StoreError> {
        let locked = self.file.lock_shared();
        locked.map_err(StoreError::io("lock", &self.path))
    }

    /// Gives the lock back; locking twice over one handle would block on some systems.
    pub(super) fn unlock(&self) -> Result<(), StoreError> {
        let unlocked = self.file.unlock();
        unlocked.map_err(StoreError::io("unlock", &self.path))
    }

    /// Runs `work` if no other handle is locked, and returns whether it ran.
    pub(super) fn exclusively(
        &self,
        work: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        match self.file.try_lock() {
            Ok(()) => {
                work()?;
                self.unlock()?;
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &self.path)(error)),
        }
    }
}
