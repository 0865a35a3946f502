//! Usage and verification of the cache: sizes, times of last use, damaged entries.

use std::fs::{File, FileTimes, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;

use super::layout::{Layout, NOTE, is_unfinished};
use super::{Cache, CacheError, discard, open, read_note};
use crate::blocking::Abandoned;
use crate::chunks::each_chunk;

/// The resolution of recorded uses.
const COARSE: Duration = Duration::from_hours(1);

/// Numbers and sizes of the cache's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheUsage {
    /// Number of entries: files of content.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Number of entries for references with an opaque digest, such as an `ETag`.
    pub references: u64,
    /// Their bytes.
    pub reference_bytes: u64,
    /// Number of files about versions.
    pub versions: u64,
    /// Their bytes.
    pub version_bytes: u64,
    /// Number of unfinished files.
    pub temporary_files: u64,
    /// Their bytes.
    pub temporary_bytes: u64,
}

/// An entry of the cache.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    /// The time of its creation or last use, to an hour.
    pub(super) used: SystemTime,
}

/// Records a use of the entry at `path`, unless there was one recently.
pub(super) fn note_use(path: &Path, metadata: &Metadata) {
    let used = used(metadata);
    if let Ok(since) = used.elapsed()
        && COARSE < since
    {
        // Without permission, the file system's access time may serve.
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
    /// Returns the usage of the cache.
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

    /// Visits every entry. Notes are not entries.
    pub(super) fn each_entry(&self, mut each: impl FnMut(Entry)) -> Result<(), CacheError> {
        each_file(&self.layout.entries(), &mut |entry| {
            if !is_note(&entry.path) {
                each(entry);
            }
        })
    }

    /// Visits every file about versions.
    pub(super) fn each_version(&self, mut each: impl FnMut(Entry)) -> Result<(), CacheError> {
        each_file(&self.layout.versions(), &mut |entry| {
            if !is_unfinished(&entry.path) {
                each(entry);
            }
        })
    }

    /// Visits every unfinished file.
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

/// Visits every file below `folder`, without following links. Files that vanish meanwhile are skipped.
fn each_file(folder: &Path, each: &mut impl FnMut(Entry)) -> Result<(), CacheError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CacheError::io("list", folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(CacheError::io("list", folder))?;
        // The metadata of a link is the link's own.
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

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheReport {
    /// Number of intact entries.
    pub right: u64,
    /// Their bytes.
    pub right_bytes: u64,
    /// Damaged entries, which were removed.
    pub wrong: Vec<PathBuf>,
    /// Number of entries of other clients without a verifiable digest: they are never used, and stay.
    pub unvouched: u64,
}

impl Cache {
    /// Reads every entry, and removes those with other content than their name tells. `each` is called with the bytes of each.
    ///
    /// # Errors
    /// [`CacheError::Io`] when the cache folder or an entry cannot be read.
    pub fn verify(&self, mut each: impl FnMut(u64)) -> Result<CacheReport, CacheError> {
        let mut report = CacheReport::default();
        let mut paths = Vec::new();
        self.each_entry(|entry| paths.push(entry.path))?;
        for path in paths {
            let expected = match self.layout.digest(&path) {
                Some(digest) => Some(digest),
                None => read_note(&Layout::note(&path))?,
            };
            let Some(expected) = expected else {
                report.unvouched += 1;
                continue;
            };
            // Removed meanwhile.
            let Some((found, length)) = digest_of(&path, expected.algorithm())? else {
                continue;
            };
            each(length);
            if found == expected {
                report.right += 1;
                report.right_bytes += length;
            } else {
                discard(&path);
                discard(&Layout::note(&path));
                report.wrong.push(path);
            }
        }
        report.wrong.sort_unstable();
        Ok(report)
    }
}

fn digest_of(
    path: &Path,
    algorithm: DigestAlgorithm,
) -> Result<Option<(ContentDigest, u64)>, CacheError> {
    let Some((mut file, _)) = open(path)? else {
        return Ok(None);
    };
    let mut hasher = ContentHasher::new(algorithm);
    let length = each_chunk(&mut file, &Abandoned::default(), |chunk| {
        hasher.update(chunk);
        Ok::<_, io::Error>(())
    })
    .map_err(CacheError::io("read", path))?;
    Ok(Some((hasher.finish(), length)))
}
