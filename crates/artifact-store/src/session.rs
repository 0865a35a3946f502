//! What a writer holds while it writes: its share of the lock, and its journal.
//!
//! A blob file is placed before the database says that it is whole. If the writer dies in between, the file is rubbish
//! that nothing else knows of. So its key goes into a journal first, and whoever later finds that nobody writes any
//! more clears up after the dead ones.

mod journal;
mod progress;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use artifact_core::ContentKey;
use journal::Journal;
use progress::Progress;

use crate::StoreError;
use crate::layout::{StoreLayout, remove_if_there};
use crate::metadata::VersionKey;

pub(crate) use journal::{announced_keys, journals};

/// A writer's share of the lock, its journal, and what it has under way.
#[derive(Debug)]
pub(crate) struct WriterSession {
    lock: File,
    /// Locked before `progress` by whoever needs both.
    journal: Mutex<Journal>,
    progress: Mutex<Progress>,
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
        Ok(Self {
            lock,
            journal: Mutex::new(Journal::create(layout, name)?),
            progress: Mutex::default(),
        })
    }

    /// Records that a blob is about to be placed under `key`.
    pub(crate) fn announce(&self, key: &ContentKey) -> Result<(), StoreError> {
        // Held over both, so that a journal that is written anew meanwhile has the key or gets it.
        let mut journal = self.journal();
        self.progress().announce(*key);
        journal.append(key)
    }

    /// Records that the announced blob under `key` is in place.
    pub(crate) fn note_placed(&self, key: ContentKey, size: u64) {
        self.progress().note_placed(key, size);
    }

    /// Returns the size of the content under `key`, if this session has placed it and not committed it yet.
    pub(crate) fn size_of_placed(&self, key: &ContentKey) -> Option<u64> {
        self.progress().size_of_placed(key)
    }

    /// Records that a pending version uses what was placed under `keys`.
    pub(crate) fn note_used<'k>(
        &self,
        version: VersionKey,
        keys: impl IntoIterator<Item = &'k ContentKey>,
    ) {
        self.progress().note_used(version, keys);
    }

    /// Records that a pending version may no longer use all that it did.
    pub(crate) fn note_content_given_up(&self, version: VersionKey) {
        self.progress().note_content_given_up(version);
    }

    /// Records that something may no longer use the content under `key`, which earlier writers may have placed: whoever
    /// clears up looks whether anything else does.
    pub(crate) fn note_given_up(&self, key: &ContentKey) -> Result<(), StoreError> {
        let mut journal = self.journal();
        self.progress().note_given_up(*key);
        journal.append(key)
    }

    /// Records that a version is committed, and with it everything it uses.
    pub(crate) fn note_committed(&self, version: VersionKey) {
        self.progress().note_committed(version);
        self.shorten_journal();
    }

    /// Records that a pending version is gone.
    pub(crate) fn note_dropped(&self, version: VersionKey) {
        self.progress().note_dropped(version);
    }

    /// Records that what was placed under `key` is in use for good.
    pub(crate) fn note_kept(&self, key: &ContentKey) {
        self.progress().note_kept(key);
    }

    /// Takes out of the journal what is settled, once that is most of it.
    fn shorten_journal(&self) {
        let mut journal = self.journal();
        let unsettled = self.progress().unsettled().copied().collect::<Vec<_>>();
        if let Err(error) = journal.shorten_to(&unsettled) {
            // What is settled does no harm in there.
            tracing::warn!(%error, "the journal stays long");
        }
    }

    /// Ends the session. What it leaves unfinished is cleared up by `recover` if nobody else writes, and later if
    /// somebody does.
    pub(crate) fn end(
        self,
        recover: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let journal = self.journal().path().to_path_buf();
        if self.progress().is_settled() {
            return remove_if_there(&journal);
        }
        // Taking a lock twice over one handle would wait for itself on some systems.
        let unlocked = self.lock.unlock();
        unlocked.map_err(StoreError::io("unlock", &journal))?;
        with_exclusive_lock(&self.lock, &journal, recover)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` if nobody else holds the lock, and gives it back.
pub(crate) fn with_exclusive_lock(
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key(number: u64) -> ContentKey {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        ContentKey::from_bytes(bytes)
    }

    fn keys_in_journal(layout: &StoreLayout) -> HashSet<ContentKey> {
        let journals = journals(layout).unwrap();
        announced_keys(&journals[0]).unwrap().into_iter().collect()
    }

    #[test]
    fn the_journal_of_a_long_session_keeps_what_is_unsettled() -> Result<(), StoreError> {
        const COMMITTED: u64 = 100_000;

        let folder = tempfile::tempdir().unwrap();
        let layout = StoreLayout::new(folder.path());
        layout.create()?;
        let session = WriterSession::start(&layout, "long", || Ok(()))?;
        let place = |number| {
            session.announce(&key(number))?;
            session.note_placed(key(number), 1);
            Ok::<_, StoreError>(())
        };
        let [announced, placed, used, dropped, given_up] = [1, 2, 3, 4, 5].map(|n| n + COMMITTED);
        session.announce(&key(announced))?;
        [placed, used, dropped, given_up]
            .into_iter()
            .try_for_each(place)?;
        session.note_used(VersionKey(-1), [&key(used)]);
        session.note_used(VersionKey(-2), [&key(dropped)]);
        session.note_dropped(VersionKey(-2));
        session.note_used(VersionKey(-3), [&key(given_up)]);
        session.note_content_given_up(VersionKey(-3));
        session.note_committed(VersionKey(-3));
        let unsettled: HashSet<_> = (COMMITTED + 1..=COMMITTED + 5).map(key).collect();

        for number in 0..COMMITTED {
            place(number)?;
            let version = VersionKey(i64::try_from(number / 5000).unwrap());
            session.note_used(version, [&key(number)]);
            if number % 5000 == 4999 {
                session.note_committed(version);
                assert!(unsettled.is_subset(&keys_in_journal(&layout)));
            }
        }
        assert!(keys_in_journal(&layout).len() < 40_000);
        Ok(())
    }
}
