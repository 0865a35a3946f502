//! How much the cache holds, and when each entry was used last.

use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::layout::{NOTE, is_unfinished};
use super::{Cache, CacheError};

/// How coarse the record of uses is.
const COARSE: Duration = Duration::from_hours(1);

/// How much the cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheUsage {
    /// How many entries there are: files of content.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are content of references of which only an opaque digest is known, such as an `ETag`.
    pub references: u64,
    /// Their bytes.
    pub reference_bytes: u64,
    /// How many files remember something of versions.
    pub versions: u64,
    /// Their bytes.
    pub version_bytes: u64,
    /// How many files are on their way in, or were when their process died.
    pub temporary_files: u64,
    /// Their bytes.
    pub temporary_bytes: u64,
}

/// An entry of the cache.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    /// When it was put in or used last, to an hour.
    pub(super) used: SystemTime,
}

/// Records that the entry at `path` is used now, unless it was used not long ago.
pub(super) fn note_use(path: &Path, metadata: &Metadata) {
    let used = used(metadata);
    if let Ok(since) = used.elapsed()
        && COARSE < since
    {
        // Where that is not allowed, its last reader's system may have done it.
        let now = FileTimes::new().set_accessed(used + since);
        _ = File::open(path).and_then(|file| file.set_times(now));
    }
}

fn used(metadata: &Metadata) -> SystemTime {
    let never = SystemTime::UNIX_EPOCH;
    let read = metadata.accessed().unwrap_or(never);
    read.max(metadata.modified().unwrap_or(never))
}

impl Cache {
    /// Returns how much the cache holds.
    ///
    /// # Errors
    /// [`CacheError::Io`] when the cache folder cannot be read.
    pub fn usage(&self) -> Result<CacheUsage, CacheError> {
        let mut usage = CacheUsage::default();
        let references = self.layout.references();
        self.each_entry(|entry| {
            usage.entries += 1;
            usage.bytes += entry.size;
            if entry.path.starts_with(&references) {
                usage.references += 1;
                usage.reference_bytes += entry.size;
            }
        })?;
        self.each_version(|entry| {
            usage.versions += 1;
            usage.version_bytes += entry.size;
        })?;
        self.each_temporary(|entry| {
            usage.temporary_files += 1;
            usage.temporary_bytes += entry.size;
        })?;
        Ok(usage)
    }

    /// Passes on every entry. Notes are none: they belong to theirs.
    pub(super) fn each_entry(&self, mut each: impl FnMut(Entry)) -> Result<(), CacheError> {
        each_file(&self.layout.entries(), &mut |entry| {
            if !is_note(&entry.path) {
                each(entry);
            }
        })
    }

    /// Passes on every file that remembers something of versions.
    pub(super) fn each_version(&self, mut each: impl FnMut(Entry)) -> Result<(), CacheError> {
        each_file(&self.layout.versions(), &mut |entry| {
            if !is_unfinished(&entry.path) {
                each(entry);
            }
        })
    }

    /// Passes on every file that is on its way in.
    pub(super) fn each_temporary(&self, mut each: impl FnMut(Entry)) -> Result<(), CacheError> {
        each_file(&self.layout.temporary(), &mut each)?;
        each_file(&self.layout.staging(), &mut each)?;
        each_file(&self.layout.versions(), &mut |entry| {
            if is_unfinished(&entry.path) {
                each(entry);
            }
        })
    }
}

pub(super) fn is_note(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == NOTE)
}

/// Passes on every file below `folder`, not through links. What goes meanwhile is not there.
fn each_file(folder: &Path, each: &mut impl FnMut(Entry)) -> Result<(), CacheError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CacheError::io("list", folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(CacheError::io("list", folder))?;
        // Of a link, what is said is of the link.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            each_file(&entry.path(), each)?;
        } else if metadata.is_file() {
            each(Entry {
                path: entry.path(),
                size: metadata.len(),
                used: used(&metadata),
            });
        }
    }
    Ok(())
}
