//! Makes content survive a power loss.
//!
//! Linux can flush a whole file system in one call, which for thousands of small files is far cheaper than flushing
//! each. Elsewhere every file is flushed when it gets its name.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counts what was put, so that a barrier with nothing new costs nothing.
#[derive(Debug, Default)]
pub(super) struct Durability {
    put: AtomicU64,
    flushed: Mutex<u64>,
}

impl Durability {
    /// Notes that content has its final name. To be called before `put` returns.
    pub(super) fn note_put(&self) {
        self.put.fetch_add(1, Ordering::SeqCst);
    }

    /// Flushes the file system of `folder` if anything was put since it was flushed last.
    pub(super) fn flush(&self, folder: &File) -> io::Result<()> {
        // The lock is held while flushing: another thread that waits for it finds the work done.
        let mut flushed = self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        let put = self.put.load(Ordering::SeqCst);
        if *flushed < put {
            flush_file_system(folder)?;
            *flushed = put;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn flush_file_system(folder: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(folder)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_file_system(folder: &File) -> io::Result<()> {
    // The files are flushed already; this makes their names last where folders can be flushed at all.
    if cfg!(unix) {
        folder.sync_all()
    } else {
        Ok(())
    }
}

/// Flushes one file that is about to get, or has just got, its final name, unless `flush` will.
pub(super) fn flush_if_alone(file: &File) -> io::Result<()> {
    if cfg!(target_os = "linux") {
        Ok(())
    } else {
        file.sync_all()
    }
}
