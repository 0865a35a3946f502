//! Staging folders, where files are written before they get their final names.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tempfile::NamedTempFile;

use super::resume_file;

/// Folder within a download's root; on the same file system, so that a rename installs a file.
pub(crate) const STAGING_FOLDER: &str = ".wandb-rs-tmp";

/// Folder of resume files in an earlier format.
const OLD_RESUME_FOLDER: &str = "half";

/// Extension of a folder's lock file.
const LOCK: &str = "lock";

/// A folder of one process's unfinished files. The next process removes what a killed one left.
///
/// The lock file lies beside the folder: it exists and is locked before the folder does, and is removed after it. So a
/// folder whose lock is free or missing has no owner any more.
#[derive(Debug)]
pub(super) struct StagingFolder {
    parent: PathBuf,
    folder: PathBuf,
    /// Locked as long as this process uses the folder; `Some` until dropped.
    lock: Option<NamedTempFile>,
    next: AtomicU64,
}

impl StagingFolder {
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        /// Another process may remove the empty parent, or take a fresh lock file for an abandoned one, so an attempt
        /// may fail.
        const TRIES: usize = 1_000;
        let parent = root.join(STAGING_FOLDER);
        remove_abandoned(&parent);
        let mut result = lock_in(&parent);
        for _ in 1..TRIES {
            match result {
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                _ => break,
            }
            result = lock_in(&parent);
        }
        let lock = result?.ok_or(ErrorKind::ResourceBusy)?;
        let folder = lock.path().with_extension("");
        fs::create_dir(&folder)?;
        Ok(Self {
            parent,
            folder,
            lock: Some(lock),
            next: AtomicU64::new(0),
        })
    }

    /// Returns the path of a new file; it does not exist yet.
    pub(super) fn next_path(&self) -> PathBuf {
        self.folder
            .join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl Drop for StagingFolder {
    fn drop(&mut self) {
        // The next process removes what cannot be removed here; the parent stays while other processes use it.
        _ = fs::remove_dir_all(&self.folder);
        drop(self.lock.take());
        _ = fs::remove_dir(self.parent.join(resume_file::FOLDER));
        _ = fs::remove_dir(&self.parent);
    }
}

/// Returns the folder of resume files in `root`, which survive their process.
pub(super) fn resume_folder(root: &Path) -> PathBuf {
    root.join(STAGING_FOLDER).join(resume_file::FOLDER)
}

/// Staging folders that many downloads share: one for all roots in the same parent folder, since creating and removing
/// one each takes longer than downloading a few small files.
#[derive(Debug, Default)]
pub(super) struct SharedStaging(Mutex<HashMap<PathBuf, Weak<StagingFolder>>>);

impl SharedStaging {
    /// Returns a folder from which files can be renamed into `root`, which exists.
    pub(super) fn open(&self, root: &Path) -> Result<Arc<StagingFolder>, Error> {
        match root.parent() {
            // The parent folder may belong to another user.
            Some(around) if are_on_one_device(root, around) => self
                .open_in(around)
                .or_else(|_| StagingFolder::open(root).map(Arc::new)),
            _ => StagingFolder::open(root).map(Arc::new),
        }
    }

    fn open_in(&self, folder: &Path) -> Result<Arc<StagingFolder>, Error> {
        let mut all = self
            .0
            .lock()
            .expect("no thread panics while it opens a folder");
        if let Some(open) = all.get(folder).and_then(Weak::upgrade) {
            return Ok(open);
        }
        let opened = Arc::new(StagingFolder::open(folder)?);
        all.insert(folder.to_owned(), Arc::downgrade(&opened));
        Ok(opened)
    }
}

/// Whether a file can be renamed from one folder to the other.
#[cfg(unix)]
fn are_on_one_device(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| path.metadata().map(|metadata| metadata.dev());
    matches!((device(one), device(other)), (Ok(one), Ok(other)) if one == other)
}

/// Unknown elsewhere.
#[cfg(not(unix))]
fn are_on_one_device(_one: &Path, _other: &Path) -> bool {
    false
}

/// Removes what dead processes left in `root` and its parent, including resume files that are old or that `is_finished`
/// names.
pub(super) fn clear(root: &Path, is_finished: impl Fn(&str) -> bool) {
    let parent = root.join(STAGING_FOLDER);
    remove_abandoned(&parent);
    resume_file::clear(&parent.join(resume_file::FOLDER), is_finished);
    _ = fs::remove_dir(parent);
    // Shared staging folders lie in the parent.
    if let Some(around) = root.parent() {
        let parent = around.join(STAGING_FOLDER);
        remove_abandoned(&parent);
        _ = fs::remove_dir(parent);
    }
}

/// Creates and locks a lock file; `None` if another process took it for an abandoned one.
fn lock_in(parent: &Path) -> Result<Option<NamedTempFile>, Error> {
    fs::create_dir_all(parent)?;
    if parent.symlink_metadata()?.is_symlink() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is a symbolic link"));
    }
    let lock = tempfile::Builder::new()
        .prefix("")
        .suffix(&format!(".{LOCK}"))
        .tempfile_in(parent)?;
    lock.as_file().lock()?;
    Ok(lock.path().exists().then_some(lock))
}

/// Removes the folders of processes that are gone: nothing holds their lock.
fn remove_abandoned(parent: &Path) {
    // Not through a link.
    if !parent
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
    {
        return;
    }
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == LOCK) {
            // Held until the folder is removed, so that no process starts to use it meanwhile.
            if let Ok(lock) = File::open(&path)
                && lock.try_lock().is_ok()
            {
                _ = fs::remove_dir_all(path.with_extension(""));
                _ = fs::remove_file(path);
            }
        } else if path
            .file_name()
            .is_none_or(|name| name != resume_file::FOLDER)
            && !path.with_extension(LOCK).exists()
        {
            if path.ends_with(OLD_RESUME_FOLDER) {
                let path = path.display();
                tracing::info!(%path, "dropping unfinished downloads of an earlier version of wandb-rs");
            }
            _ = fs::remove_dir_all(path);
        }
    }
}
