//! Remembers what files held, so that unchanged ones need not be read again.
//!
//! One cache file per folder that the files of an artifact have in common. A file counts as unchanged when size, both
//! times, inode and device are what they were, and when it was not written so shortly before it was read that a later
//! write could have left the same times ([`FileStamp::is_racy`]).

mod format;

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm};

use crate::stamp::FileStamp;

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
            .and_then(|bytes| format::decode(&bytes, common))
            .unwrap_or_default();
        StatShard {
            place,
            common: common.to_owned(),
            old,
            new: HashMap::new(),
            opened_at: now(),
        }
    }
}

/// What is remembered of the files in one folder, and what was learnt since.
#[derive(Debug)]
pub struct StatShard {
    place: PathBuf,
    common: PathBuf,
    old: HashMap<PathBuf, Remembered>,
    new: HashMap<PathBuf, Remembered>,
    opened_at: i128,
}

impl StatShard {
    /// Returns what the file at `path` holds, if it is the file it was when it was last read with `algorithm`.
    #[must_use]
    pub fn get(
        &self,
        path: &Path,
        stamp: &FileStamp,
        algorithm: DigestAlgorithm,
    ) -> Option<&Remembered> {
        let remembered = self.new.get(path).or_else(|| self.old.get(path))?;
        (remembered.stamp == *stamp && remembered.digest.algorithm() == algorithm)
            .then_some(remembered)
    }

    /// Remembers what a file holds, unless a later write could leave the same stamp.
    ///
    /// Only files that were read after the shard was opened may be remembered.
    pub fn remember(&mut self, path: PathBuf, remembered: Remembered) {
        if !remembered.stamp.is_racy(self.opened_at) {
            self.new.insert(path, remembered);
        }
    }

    /// Remembers what a file holds that this process wrote, and whose modification time it then set back.
    ///
    /// Any later write gives the file a new modification time, however soon it comes.
    pub fn remember_own(&mut self, path: PathBuf, remembered: Remembered) {
        let set_back = FileStamp {
            changed: remembered.stamp.modified,
            ..remembered.stamp
        };
        if !set_back.is_racy(self.opened_at) {
            self.new.insert(path, remembered);
        }
    }

    /// Writes what was learnt. Of what was known before and not asked for again, some stays.
    ///
    /// # Errors
    /// When the cache cannot be written; nothing but time is lost then.
    pub fn save(self) -> std::io::Result<()> {
        /// A folder of many artifacts keeps them all remembered, and one whose files come and go does not grow for ever.
        const KEPT_UNSEEN: usize = 100_000;
        if self.new.is_empty() {
            return Ok(());
        }
        let unseen = self
            .old
            .iter()
            .filter(|(path, _)| !self.new.contains_key(*path))
            .take(KEPT_UNSEEN);
        let bytes = format::encode(&self.common, self.new.iter().chain(unseen));
        let folder = self.place.parent().unwrap_or(&self.place);
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&bytes)?;
        file.persist(&self.place)?;
        Ok(())
    }
}

/// Returns the local time in nanoseconds since 1970.
fn now() -> i128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Md5;

    fn remembered(seed: u8, modified: i128) -> Remembered {
        Remembered {
            stamp: FileStamp {
                size: seed.into(),
                modified,
                changed: modified,
                inode: seed.into(),
                device: 3,
            },
            digest: ContentDigest::new(ALGORITHM, [seed; 16]),
            key: (seed.is_multiple_of(2)).then(|| ContentKey::from_bytes([seed; 32])),
        }
    }

    fn shard(folder: &Path) -> StatShard {
        StatCache::new(folder.join("stat")).open(Path::new("/data"))
    }

    #[test]
    fn what_is_saved_is_remembered() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut first = shard(folder.path());
        first.remember("/data/a".into(), remembered(1, 1));
        first.remember("/data/b/c".into(), remembered(2, 1));
        first.save()?;
        let second = shard(folder.path());
        for (path, seed) in [("/data/a", 1), ("/data/b/c", 2)] {
            let expected = remembered(seed, 1);
            assert_eq!(
                second.get(Path::new(path), &expected.stamp, ALGORITHM),
                Some(&expected)
            );
        }
        Ok(())
    }

    #[test]
    fn any_difference_in_the_stamp_makes_a_file_another() {
        let folder = Path::new("/nowhere");
        let known = remembered(1, 1);
        let mut shard = shard(folder);
        shard.remember("/data/a".into(), known);
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
                shard.get(Path::new("/data/a"), &other, ALGORITHM),
                None,
                "{other:?}"
            );
        }
        assert_eq!(
            shard.get(Path::new("/data/a"), &known.stamp, DigestAlgorithm::Xxh128),
            None
        );
        assert_eq!(
            shard.get(Path::new("/data/a"), &known.stamp, ALGORITHM),
            Some(&known)
        );
    }

    #[test]
    fn a_file_written_just_now_is_not_remembered() {
        let mut shard = shard(Path::new("/nowhere"));
        let fresh = remembered(1, shard.opened_at - 1);
        shard.remember("/data/a".into(), fresh);
        assert_eq!(
            shard.get(Path::new("/data/a"), &fresh.stamp, ALGORITHM),
            None
        );
    }

    #[test]
    fn a_damaged_cache_file_remembers_nothing() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut first = shard(folder.path());
        first.remember("/data/a".into(), remembered(1, 1));
        let place = first.place.clone();
        first.save()?;
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
