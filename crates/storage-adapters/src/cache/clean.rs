//! Eviction of the least recently used entries.

use std::cmp::Reverse;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::layout::Layout;
use super::usage::Entry;
use super::{Cache, CacheError, discard};

/// Unfinished files are removed when they were not written to for this long.
const UNDER_WAY: Duration = Duration::from_hours(1);

/// Entries that were looked up are kept for this long, because they may be about to be opened.
const FOUND: Duration = Duration::from_mins(1);

/// The result of a clean-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Cleaned {
    /// Number of removed entries, files about versions included.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Number of remaining entries.
    pub left: u64,
    /// Their bytes.
    pub left_bytes: u64,
    /// Number of entries that remain only because a running process uses them.
    pub in_use: u64,
    /// Number of removed unfinished files.
    pub removed_temporary: u64,
    /// Their bytes.
    pub removed_temporary_bytes: u64,
}

/// Keeps a cache within its quota.
#[derive(Debug)]
pub(super) struct Housekeeper {
    quota: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The bytes added since the last check.
    grown: u64,
    has_looked: bool,
    at_work: Option<JoinHandle<()>>,
}

impl Housekeeper {
    pub(super) fn new(quota: u64) -> Self {
        Self {
            quota,
            state: Mutex::default(),
        }
    }
}

impl Drop for Housekeeper {
    fn drop(&mut self) {
        // A program that only fetches something ends before its housekeeper else.
        let state = self.state.get_mut();
        if let Some(at_work) = state.ok().and_then(|state| state.at_work.take()) {
            _ = at_work.join();
        }
    }
}

impl Cache {
    /// Limits the cache to `bytes`: when it grows beyond, the least recently used entries are removed in the
    /// background, down to nine tenths of it. Entries that a running process uses stay, so it may be more for a while.
    #[must_use]
    pub fn with_quota(mut self, bytes: u64) -> Self {
        self.housekeeper = Some(Arc::new(Housekeeper::new(bytes)));
        self
    }

    /// Removes entries, and what is remembered of versions, first what was not used for longest, until at most `target` bytes are left, or only what a
    /// living process uses.
    ///
    /// # Errors
    /// [`CacheError::Io`] when the cache folder cannot be read.
    pub fn clean(&self, target: u64) -> Result<Cleaned, CacheError> {
        clean(&self.without_housekeeper(), target, Duration::ZERO)
    }

    /// Removes unfinished files that were not written to for an hour.
    ///
    /// # Errors
    /// [`CacheError::Io`] when the cache folder cannot be read.
    pub fn clean_temporary(&self) -> Result<Cleaned, CacheError> {
        let mut cleaned = Cleaned::default();
        self.each_temporary(|entry| {
            if is_older(&entry, UNDER_WAY) && std::fs::remove_file(&entry.path).is_ok() {
                cleaned.removed_temporary += 1;
                cleaned.removed_temporary_bytes += entry.size;
            }
        })?;
        Ok(cleaned)
    }

    /// Counts added bytes.
    pub(super) fn grew(&self, bytes: u64) {
        let Some(housekeeper) = &self.housekeeper else {
            return;
        };
        let Ok(mut state) = housekeeper.state.lock() else {
            return;
        };
        state.grown += bytes;
        let is_busy = state
            .at_work
            .as_ref()
            .is_some_and(|work| !work.is_finished());
        let is_time = !state.has_looked || housekeeper.quota / 20 < state.grown;
        if is_busy || !is_time {
            return;
        }
        state.grown = 0;
        state.has_looked = true;
        let (cache, quota) = (self.without_housekeeper(), housekeeper.quota);
        state.at_work = Some(std::thread::spawn(move || {
            let kept = cache.usage().map(|usage| usage.bytes + usage.version_bytes);
            if let Ok(bytes) = kept
                && quota < bytes
                && let Err(error) = clean(&cache, quota / 10 * 9, FOUND)
            {
                tracing::warn!(%error, "the cache cannot be kept within its quota");
            }
            _ = cache.clean_temporary();
        }));
    }

    /// The same cache, for the housekeeper itself.
    fn without_housekeeper(&self) -> Self {
        Self {
            housekeeper: None,
            ..self.clone()
        }
    }
}

fn clean(cache: &Cache, target: u64, left_alone: Duration) -> Result<Cleaned, CacheError> {
    let mut entries = Vec::new();
    cache.each_entry(|entry| entries.push(entry))?;
    cache.each_version(|entry| entries.push(entry))?;
    let mut cleaned = Cleaned {
        left: entries.len() as u64,
        left_bytes: entries.iter().map(|entry| entry.size).sum(),
        ..Cleaned::default()
    };
    // The last one is the least recently used.
    entries.sort_unstable_by_key(|entry| Reverse(entry.used));
    while target < cleaned.left_bytes
        && let Some(entry) = entries.pop()
    {
        if !is_older(&entry, left_alone) {
            break;
        }
        if is_in_use(&entry.path) {
            cleaned.in_use += 1;
            continue;
        }
        match std::fs::remove_file(&entry.path) {
            Ok(()) => {
                cleaned.removed += 1;
                cleaned.removed_bytes += entry.size;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %entry.path.display(), %error, "a cache entry cannot be removed");
                continue;
            }
        }
        discard(&Layout::note(&entry.path));
        cleaned.left -= 1;
        cleaned.left_bytes -= entry.size;
    }
    Ok(cleaned)
}

fn is_older(entry: &Entry, age: Duration) -> bool {
    age.is_zero() || entry.used.elapsed().is_ok_and(|since| age <= since)
}

/// Whether a running process holds an entry. On a file system without locks, none seems to: a process that does loses the
/// name of the file then, and never its content.
fn is_in_use(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}
