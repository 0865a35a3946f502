//! Where files are written before they appear under their names.

use std::fs::{self, File};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// The folder within a download's root; on the same file system, so that a rename is enough to place a file.
pub(crate) const STAGING_FOLDER: &str = ".wandb-rs-tmp";

const LOCK: &str = "lock";

/// A folder of one process's unfinished files. What a killed process left is removed by the next.
#[derive(Debug)]
pub(super) struct Staging {
    parent: PathBuf,
    path: PathBuf,
    /// There until the end.
    folder: Option<TempDir>,
    /// Held for as long as this process is at work.
    _lock: File,
    next: AtomicU64,
}

impl Staging {
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        let parent = root.join(STAGING_FOLDER);
        fs::create_dir_all(&parent)?;
        if parent.symlink_metadata()?.is_symlink() {
            return Err(Error::new(ErrorKind::InvalidInput, "it is a symbolic link"));
        }
        remove_abandoned(&parent);
        // Another process may remove the parent, empty as it was, at this very moment.
        let folder = tempfile::tempdir_in(&parent).or_else(|_| {
            fs::create_dir_all(&parent)?;
            tempfile::tempdir_in(&parent)
        })?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self {
            parent,
            path: folder.path().to_owned(),
            folder: Some(folder),
            _lock: lock,
            next: AtomicU64::new(0),
        })
    }

    /// Returns the path of a new file; nothing is there yet.
    pub(super) fn next_path(&self) -> PathBuf {
        self.path
            .join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What stays behind is removed by the next process; the parent stays while others are at work in it.
        drop(self.folder.take());
        _ = fs::remove_dir(&self.parent);
    }
}

/// Removes what processes left that are no longer there: nobody holds their lock.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for folder in entries.flatten().map(|entry| entry.path()) {
        let is_abandoned = match File::open(folder.join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            // Its owner is just creating it, or died before it could: too young to tell.
            Err(_) => is_old(&folder),
        };
        if is_abandoned {
            _ = fs::remove_dir_all(folder);
        }
    }
}

fn is_old(folder: &Path) -> bool {
    const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);
    let age = folder
        .metadata()
        .and_then(|metadata| metadata.modified())
        .map(|modified| modified.elapsed());
    age.is_ok_and(|age| age.is_ok_and(|age| MINUTE < age))
}
