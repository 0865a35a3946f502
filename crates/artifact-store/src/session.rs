//! What a writer holds while it writes: its share of the lock, and its journal.
//!
//! A blob file is placed before the database says that it is whole. If the writer dies in between, the file is rubbish
//! that nothing else knows of. So its key goes into a journal first, and whoever later finds that nobody writes any
//! more clears up after the dead ones.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use artifact_core::ContentKey;

use crate::StoreError;
use crate::layout::{StoreLayout, files_in, remove_if_there};
use crate::metadata::VersionKey;

const KEY_BYTES: usize = 32;

/// A writer's share of the lock, its journal, and what it has under way.
#[derive(Debug)]
pub(crate) struct WriterSession {
    lock: File,
    journal_path: PathBuf,
    journal: Mutex<File>,
    progress: Mutex<Progress>,
}

/// What is under way; nothing is kept of what is committed, so that a long session stays small.
#[derive(Debug, Default)]
struct Progress {
    /// Blobs that were announced and neither placed nor known to have failed.
    unplaced: u64,
    /// The sizes of blobs that were placed and are not in a committed version yet.
    placed: HashMap<ContentKey, u64>,
    /// The pending versions that this session works on, and what they use of `placed`.
    pending: HashMap<VersionKey, Vec<ContentKey>>,
    /// Whether a version has given up content that it used.
    gave_up_content: bool,
}

impl WriterSession {
    /// Starts a session under `name`. If nobody else writes, `recover` runs first, alone.
    pub(crate) fn start(
        layout: &StoreLayout,
        name: &str,
        recover: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let lock_path = layout.lock();
        let lock = layout.open_lock()?;
        with_exclusive_lock(&lock, &lock_path, recover)?;
        lock.lock_shared()
            .map_err(StoreError::io("lock", lock_path))?;

        let journal_path = layout.sessions().join(format!("{name}.keys"));
        let journal =
            File::create_new(&journal_path).map_err(StoreError::io("create", &journal_path))?;
        Ok(Self {
            lock,
            journal_path,
            journal: Mutex::new(journal),
            progress: Mutex::default(),
        })
    }

    /// Records that a blob is about to be placed under `key`.
    pub(crate) fn announce(&self, key: &ContentKey) -> Result<(), StoreError> {
        self.progress().unplaced += 1;
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let written = journal.write_all(key.as_bytes());
        written.map_err(StoreError::io("write", &self.journal_path))
    }

    /// Records that the announced blob under `key` is in place.
    pub(crate) fn note_placed(&self, key: ContentKey, size: u64) {
        let mut progress = self.progress();
        progress.unplaced -= 1;
        progress.placed.insert(key, size);
    }

    /// Returns the size of the content under `key`, if this session has placed it and not committed it yet.
    pub(crate) fn size_of_placed(&self, key: &ContentKey) -> Option<u64> {
        self.progress().placed.get(key).copied()
    }

    /// Records that a pending version uses what was placed under `keys`.
    pub(crate) fn note_used<'k>(
        &self,
        version: VersionKey,
        keys: impl IntoIterator<Item = &'k ContentKey>,
    ) {
        let progress = &mut *self.progress();
        let placed = keys
            .into_iter()
            .filter(|key| progress.placed.contains_key(*key));
        progress.pending.entry(version).or_default().extend(placed);
    }

    /// Records that a pending version may no longer use all that it did.
    pub(crate) fn note_content_given_up(&self) {
        self.progress().gave_up_content = true;
    }

    /// Records that what was placed under `key` is in use for good.
    pub(crate) fn note_kept(&self, key: &ContentKey) {
        self.progress().placed.remove(key);
    }

    /// Records that something may no longer use the content under `key`, which earlier writers may have placed: whoever
    /// clears up looks whether anything else does.
    pub(crate) fn note_given_up(&self, key: &ContentKey) -> Result<(), StoreError> {
        self.progress().gave_up_content = true;
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let written = journal.write_all(key.as_bytes());
        written.map_err(StoreError::io("write", &self.journal_path))
    }

    /// Records that a version is committed, and with it everything it uses.
    pub(crate) fn note_committed(&self, version: VersionKey) {
        let progress = &mut *self.progress();
        for key in progress.pending.remove(&version).unwrap_or_default() {
            progress.placed.remove(&key);
        }
    }

    /// Records that a pending version is gone.
    pub(crate) fn note_dropped(&self, version: VersionKey) {
        self.progress().pending.remove(&version);
    }

    /// Ends the session. What it leaves unfinished is cleared up by `recover` if nobody else writes, and later if
    /// somebody does.
    pub(crate) fn end(
        self,
        recover: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.progress().is_settled() {
            return remove_if_there(&self.journal_path);
        }
        // Taking a lock twice over one handle would wait for itself on some systems.
        let unlocked = self.lock.unlock();
        unlocked.map_err(StoreError::io("unlock", &self.journal_path))?;
        with_exclusive_lock(&self.lock, &self.journal_path, recover)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Whether everything that was announced belongs to a committed version, and none is pending.
    fn is_settled(&self) -> bool {
        let nothing_waits = self.placed.is_empty() && self.pending.is_empty();
        nothing_waits && self.unplaced == 0 && !self.gave_up_content
    }
}

/// Runs `work` if nobody else holds the lock, and gives it back.
fn with_exclusive_lock(
    lock: &File,
    path: &Path,
    work: impl FnOnce() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    match lock.try_lock() {
        Ok(()) => {
            work()?;
            lock.unlock().map_err(StoreError::io("unlock", path))
        }
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path)(error)),
    }
}

/// Returns the journals of all sessions that have not ended cleanly.
pub(crate) fn journals(layout: &StoreLayout) -> Result<Vec<PathBuf>, StoreError> {
    files_in(&layout.sessions())
}

/// Returns the keys in a journal. One that was cut off in the middle counts for nothing: its blob was not placed.
pub(crate) fn announced_keys(journal: &Path) -> Result<Vec<ContentKey>, StoreError> {
    let bytes = fs::read(journal).map_err(StoreError::io("read", journal))?;
    let (keys, _) = bytes.as_chunks::<KEY_BYTES>();
    Ok(keys
        .iter()
        .map(|key| ContentKey::from_bytes(*key))
        .collect())
}
