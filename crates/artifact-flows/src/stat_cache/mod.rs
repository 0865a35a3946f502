//! Remembers what files held, so that unchanged ones need not be read again.
//!
//! One cache file per folder that the files of an artifact have in common. A file counts as unchanged when size, both
//! times, inode and device are what they were, and when it was not written so shortly before it was read that a later
//! write could have left the same times ([`FileStamp::is_racy`]).

mod format;
mod records;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, FileStamp};

use records::Records;

/// What a file held when it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// What the file system said of the file.
    pub stamp: FileStamp,
    /// The digest of its content.
    pub digest: ContentDigest,
    /// The key that the registry's store keeps the content under, where it took it.
    pub key: Option<ContentKey>,
}

/// A folder of cache files.
#[derive(Debug, Clone)]
pub struct StatCache {
    folder: PathBuf,
}

impl StatCache {
    /// Returns the cache in `folder`, which need not exist yet.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Opens what is remembered of files that all lie in `common`.
    ///
    /// A cache file that is missing or damaged remembers nothing: it only costs time.
    #[must_use]
    pub fn open(&self, common: &Path) -> StatShard {
        let place = self.folder.join(format::file_name(common));
        let old = std::fs::read(&place)
            .ok()
            .and_then(|bytes| format::decode(bytes, common))
            .unwrap_or_default();
        StatShard {
            place,
            common: common.to_owned(),
            old,
            new: Records::default(),
            opened_at: now(),
        }
    }

    /// Forgets everything, so that every file is read again when it is logged again.
    ///
    /// For when the store turns out not to hold what is remembered to be there.
    pub fn forget(&self) {
        // What stays is remembered, as if this had not been called; the store says again that it is damaged.
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What is remembered of the files in one folder, and what was learnt since.
#[derive(Debug)]
pub struct StatShard {
    place: PathBuf,
    common: PathBuf,
    old: Records,
    new: Records,
    opened_at: i64,
}

impl StatShard {
    /// Returns who answers what files held when the shard was opened.
    #[must_use]
    pub const fn lookup(&self) -> StatLookup<'_> {
        StatLookup {
            shard: self,
            expected: 0,
        }
    }

    /// Remembers what a file holds, unless a later write could leave the same stamp.
    ///
    /// Only files that were read after the shard was opened may be remembered, each once.
    pub fn remember(&mut self, path: &Path, remembered: &Remembered) {
        if !remembered.stamp.is_racy(self.opened_at) {
            self.new.push(relative(&self.common, path), remembered);
        }
    }

    /// Remembers what a file holds that this process wrote, and whose modification time it then set back.
    ///
    /// Any later write gives the file a new modification time, however soon it comes.
    pub fn remember_own(&mut self, path: &Path, remembered: &Remembered) {
        let set_back = FileStamp {
            changed: remembered.stamp.modified,
            ..remembered.stamp
        };
        if !set_back.is_racy(self.opened_at) {
            self.new.push(relative(&self.common, path), remembered);
        }
    }

    /// Writes what was learnt. Of what was known before and not asked for again, some stays.
    ///
    /// # Errors
    /// When the cache cannot be written; nothing but time is lost then.
    pub fn save(self) -> std::io::Result<()> {
        /// A folder of many artifacts keeps them all remembered, and one whose files come and go does not grow for ever.
        const KEPT_UNSEEN: usize = 100_000;
        let folder = self.place.parent().unwrap_or(&self.place);
        remove_abandoned(folder);
        if self.new.is_empty() {
            return Ok(());
        }
        let bytes = format::encode(&self.common, &self.new.sorted(&self.old, KEPT_UNSEEN));
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(folder)?;
        file.as_file().lock()?;
        file.write_all(&bytes)?;
        file.persist(&self.place)?;
        Ok(())
    }
}

/// Answers what files held when their shard was opened; fastest when asked for them in order.
#[derive(Debug, Clone)]
pub struct StatLookup<'a> {
    shard: &'a StatShard,
    /// The place of the record that is asked for next, if files are asked for in order.
    expected: usize,
}

impl StatLookup<'_> {
    /// Returns what the file at `path` held, if it is still the file it was when it was read with `algorithm`.
    #[must_use]
    pub fn get(
        &mut self,
        path: &Path,
        stamp: &FileStamp,
        algorithm: DigestAlgorithm,
    ) -> Option<Remembered> {
        let path = relative(&self.shard.common, path);
        let remembered = self.shard.old.find(path, &mut self.expected)?;
        (remembered.stamp == *stamp && remembered.digest.algorithm() == algorithm)
            .then_some(remembered)
    }
}

/// How the name of a cache file begins that is being written, by a process that holds its lock.
const UNFINISHED: &str = ".tmp";

/// Removes cache files whose writers died. One that is just being begun may go, too: it only costs time.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let unfinished = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
    });
    for path in unfinished.map(|entry| entry.path()) {
        if std::fs::File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            _ = std::fs::remove_file(path);
        }
    }
}

/// Returns `path` as seen from `common`; every path that lies elsewhere is its own name.
fn relative<'a>(common: &Path, path: &'a Path) -> &'a [u8] {
    let path = path.as_os_str().as_encoded_bytes();
    let inner = path.strip_prefix(common.as_os_str().as_encoded_bytes());
    inner
        .and_then(|inner| inner.strip_prefix(std::path::MAIN_SEPARATOR_STR.as_bytes()))
        .unwrap_or(path)
}

/// Returns the local time in nanoseconds since 1970.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Md5;

    fn remembered(seed: u8, modified: i64) -> Remembered {
        Remembered {
            stamp: FileStamp {
                size: seed.into(),
                modified,
                changed: modified,
                inode: seed.into(),
                device: 3,
            },
            digest: ContentDigest::new(ALGORITHM, [seed; 16]),
            key: seed
                .is_multiple_of(2)
                .then(|| ContentKey::from_bytes([seed; 32])),
        }
    }

    fn shard(folder: &Path) -> StatShard {
        StatCache::new(folder.join("stat")).open(Path::new("/data"))
    }

    fn save(folder: &Path, files: &[(&str, Remembered)]) -> std::io::Result<()> {
        let mut shard = shard(folder);
        for (path, remembered) in files {
            shard.remember(Path::new(path), remembered);
        }
        shard.save()
    }

    #[test]
    fn what_is_saved_is_remembered() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        save(
            folder.path(),
            &[
                ("/data/b/c", remembered(2, 1)),
                ("/data/a", remembered(1, 1)),
            ],
        )?;
        save(
            folder.path(),
            &[
                ("/data/a0", remembered(3, 1)),
                ("/data/a", remembered(4, 1)),
            ],
        )?;
        let shard = shard(folder.path());
        let mut lookup = shard.lookup();
        for (path, seed) in [("/data/a", 4), ("/data/a0", 3), ("/data/b/c", 2)] {
            let expected = remembered(seed, 1);
            assert_eq!(
                lookup.get(Path::new(path), &expected.stamp, ALGORITHM),
                Some(expected),
                "{path}"
            );
        }
        Ok(())
    }

    #[test]
    fn any_difference_in_the_stamp_makes_a_file_another() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let known = remembered(1, 1);
        save(folder.path(), &[("/data/a", known)])?;
        let shard = shard(folder.path());
        let mut lookup = shard.lookup();
        let others = [
            FileStamp {
                size: 9,
                ..known.stamp
            },
            FileStamp {
                modified: 9,
                ..known.stamp
            },
            FileStamp {
                changed: 9,
                ..known.stamp
            },
            FileStamp {
                inode: 9,
                ..known.stamp
            },
            FileStamp {
                device: 9,
                ..known.stamp
            },
        ];
        for other in others {
            assert_eq!(
                lookup.get(Path::new("/data/a"), &other, ALGORITHM),
                None,
                "{other:?}"
            );
        }
        assert_eq!(
            lookup.get(Path::new("/data/a"), &known.stamp, DigestAlgorithm::Xxh128),
            None
        );
        assert_eq!(
            lookup.get(Path::new("/data/a"), &known.stamp, ALGORITHM),
            Some(known)
        );
        Ok(())
    }

    #[test]
    fn a_file_written_just_now_is_not_remembered() {
        let mut shard = shard(Path::new("/nowhere"));
        let fresh = remembered(1, shard.opened_at - 1);
        shard.remember(Path::new("/data/a"), &fresh);
        assert!(shard.new.is_empty());
    }

    #[test]
    fn a_damaged_cache_file_remembers_nothing() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        save(folder.path(), &[("/data/a", remembered(1, 1))])?;
        let place = shard(folder.path()).place;
        let whole = std::fs::read(&place)?;
        for damage in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[damage] ^= 1;
            std::fs::write(&place, &bytes)?;
            assert!(shard(folder.path()).old.is_empty(), "byte {damage}");
            std::fs::write(&place, &whole[..damage])?;
            assert!(shard(folder.path()).old.is_empty(), "cut at {damage}");
        }
        Ok(())
    }
}
