//! Cache of local files' digests, so that unchanged files need not be read again.
//!
//! One cache file per common folder of an artifact's files. A file counts as unchanged if its size, both times, inode
//! and device are the same, and it was not written so shortly before it was read that a later write could have left the
//! same times ([`FileStamp::is_racy`]).

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, FileStamp};

use crate::state::{self, Decoder, Encoder, Format};

/// A cache file holds two records: the folder, and all entries sorted by path.
const FORMAT: Format = Format {
    kind: "stat-cache",
    version: 2,
};

/// Digest of a file when it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatEntry {
    /// The file's stamp at that time.
    pub stamp: FileStamp,
    /// The digest of its content.
    pub digest: ContentDigest,
    /// The content key under which the registry's store ingested it, if it did.
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

    /// Opens the entries of files that all lie in `common`.
    ///
    /// A missing or damaged cache file has no entries: it only costs time.
    #[must_use]
    pub fn open(&self, common: &Path) -> StatShard {
        let path = self.folder.join(state::file_name(bytes_of(common)));
        let old = std::fs::read(&path)
            .ok()
            .and_then(|bytes| decode(&path, bytes, common))
            .unwrap_or_default();
        StatShard {
            path,
            common: common.to_owned(),
            old,
            new: Records::default(),
            opened_at: now(),
        }
    }

    /// Removes all entries, so that every file is read again when it is logged again.
    ///
    /// For a store that turns out not to hold the content of cached files.
    pub fn forget(&self) {
        // On failure the entries stay, and the store reports its damage again.
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Entries of the files in one folder, old and new.
#[derive(Debug)]
pub struct StatShard {
    path: PathBuf,
    common: PathBuf,
    old: Records,
    new: Records,
    opened_at: i64,
}

impl StatShard {
    /// Returns a lookup over the entries at the time of opening.
    #[must_use]
    pub const fn lookup(&self) -> StatLookup<'_> {
        StatLookup {
            shard: self,
            expected: 0,
        }
    }

    /// Adds an entry, unless a later write could leave the same stamp.
    ///
    /// Only files that were read after the shard was opened may be added, each once.
    pub fn remember(&mut self, path: &Path, remembered: &StatEntry) {
        if !remembered.stamp.is_racy(self.opened_at) {
            self.new.push(relative(&self.common, path), remembered);
        }
    }

    /// Adds an entry of a file that this process wrote, and whose modification time it then set back.
    ///
    /// Any later write gives the file a new modification time, however soon it comes.
    pub fn remember_own(&mut self, path: &Path, remembered: &StatEntry) {
        let set_back = FileStamp {
            changed: remembered.stamp.modified,
            ..remembered.stamp
        };
        if !set_back.is_racy(self.opened_at) {
            self.new.push(relative(&self.common, path), remembered);
        }
    }

    /// Writes the new entries, and some of the old ones that were not replaced.
    ///
    /// # Errors
    /// Fails when the cache cannot be written; only time is lost then.
    pub fn save(self) -> std::io::Result<()> {
        /// Keeps all artifacts of a folder cached, yet bounds a folder whose files come and go.
        const KEPT_UNSEEN: usize = 100_000;
        let folder = self.path.parent().unwrap_or(&self.path);
        remove_abandoned(folder);
        if self.new.is_empty() {
            return Ok(());
        }
        let entries = self.new.sorted(&self.old, KEPT_UNSEEN);
        state::replace(
            &self.path,
            &FORMAT.encode(&[bytes_of(&self.common), &entries]),
        )
    }
}

/// Returns the entries of a cache file of `common`; `None` if it is damaged or of another folder.
fn decode(path: &Path, mut file: Vec<u8>, common: &Path) -> Option<Records> {
    let mut records = FORMAT.read(path, &file);
    let folder = records.next()?;
    let length = records.next()?.len();
    let end = records.valid_bytes();
    if folder != bytes_of(common) {
        return None;
    }
    file.truncate(end);
    Records::decode(file, end - length)
}

fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Looks up entries; fastest when files are looked up in order.
#[derive(Debug, Clone)]
pub struct StatLookup<'a> {
    shard: &'a StatShard,
    /// Index of the next entry, if files are looked up in order.
    expected: usize,
}

impl StatLookup<'_> {
    /// Returns the entry of the file at `path`, if its stamp is unchanged and it was read with `algorithm`.
    #[must_use]
    pub fn get(
        &mut self,
        path: &Path,
        stamp: &FileStamp,
        algorithm: DigestAlgorithm,
    ) -> Option<StatEntry> {
        let path = relative(&self.shard.common, path);
        let remembered = self.shard.old.find(path, &mut self.expected)?;
        (remembered.stamp == *stamp && remembered.digest.algorithm() == algorithm)
            .then_some(remembered)
    }
}

/// Removes unfinished cache files of dead processes. A file that was just created may go, too: it only costs time.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let unfinished = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes()
            .starts_with(state::UNFINISHED_PREFIX.as_bytes())
    });
    for path in unfinished.map(|entry| entry.path()) {
        if std::fs::File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            _ = std::fs::remove_file(path);
        }
    }
}

/// Returns `path` relative to `common`, or unchanged if it lies elsewhere.
fn relative<'a>(common: &Path, path: &'a Path) -> &'a [u8] {
    let path = bytes_of(path);
    let inner = path.strip_prefix(bytes_of(common));
    inner
        .and_then(|inner| inner.strip_prefix(std::path::MAIN_SEPARATOR_STR.as_bytes()))
        .unwrap_or(path)
}

/// Encoded entries in one buffer: path, stamp, digest, key. A hundred thousand of them take a few allocations.
#[derive(Debug, Default)]
struct Records {
    /// The entries; those read from a file have its beginning in front.
    bytes: Vec<u8>,
    /// Start of each entry.
    starts: Vec<usize>,
}

impl Records {
    /// Decodes the entries that [`sorted`](Self::sorted) wrote, from `start` to the end of `bytes`; `None` if they are
    /// damaged.
    fn decode(bytes: Vec<u8>, start: usize) -> Option<Self> {
        let mut rest = Decoder(bytes.get(start..)?);
        let mut starts = Vec::new();
        while !rest.is_empty() {
            starts.push(bytes.len() - rest.0.len());
            rest.counted()?;
            decode_entry(&mut rest)?;
        }
        Some(Self { bytes, starts })
    }

    const fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Adds an entry. `path` is relative to the common folder.
    fn push(&mut self, path: &[u8], entry: &StatEntry) {
        self.starts.push(self.bytes.len());
        let mut out = Encoder(&mut self.bytes);
        out.counted(path);
        let stamp = &entry.stamp;
        out.number(stamp.size);
        out.bytes(&stamp.modified.to_le_bytes());
        out.bytes(&stamp.changed.to_le_bytes());
        out.number(stamp.inode);
        out.number(stamp.device);
        out.digest(&entry.digest);
        out.bytes(&[entry.key.is_some().into()]);
        if let Some(key) = entry.key {
            out.bytes(key.as_bytes());
        }
    }

    /// Returns the entry of `path`, among entries that came from a cache file and so are sorted.
    ///
    /// Tries the index `expected` first, and leaves the next one there: lookups in order need no search.
    fn find(&self, path: &[u8], expected: &mut usize) -> Option<StatEntry> {
        let is_expected = self
            .starts
            .get(*expected)
            .is_some_and(|start| self.path_at(*start) == path);
        let found = if is_expected {
            *expected
        } else {
            self.starts
                .binary_search_by(|start| self.path_at(*start).cmp(path))
                .ok()?
        };
        *expected = found + 1;
        let mut rest = Decoder(&self.bytes[self.starts[found]..]);
        rest.counted()?;
        decode_entry(&mut rest)
    }

    /// Returns these entries and up to `limit` others of `older`, sorted by path.
    fn sorted(&self, older: &Self, limit: usize) -> Vec<u8> {
        let mut all: Vec<(&[u8], &[u8])> = self.iter().collect();
        all.sort_by_key(|(a, _)| *a);
        let is_unseen = |(path, _): &(&[u8], &[u8])| {
            all.binary_search_by(|(known, _)| known.cmp(path)).is_err()
        };
        let unseen: Vec<_> = older.iter().filter(is_unseen).take(limit).collect();
        all.extend(unseen);
        all.sort_by_key(|(a, _)| *a);
        all.into_iter()
            .flat_map(|(_, record)| record)
            .copied()
            .collect()
    }

    /// Returns every path with its whole entry.
    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let ends = self
            .starts
            .iter()
            .skip(1)
            .copied()
            .chain([self.bytes.len()]);
        self.starts
            .iter()
            .zip(ends)
            .map(|(start, end)| (self.path_at(*start), &self.bytes[*start..end]))
    }

    fn path_at(&self, start: usize) -> &[u8] {
        Decoder(&self.bytes[start..]).counted().unwrap_or_default()
    }
}

fn decode_entry(rest: &mut Decoder<'_>) -> Option<StatEntry> {
    let stamp = FileStamp {
        size: rest.number()?,
        modified: i64::from_le_bytes(rest.array()?),
        changed: i64::from_le_bytes(rest.array()?),
        inode: rest.number()?,
        device: rest.number()?,
    };
    let digest = rest.digest()?;
    let key = match rest.array()? {
        [0] => None,
        [1] => Some(ContentKey::from_bytes(rest.array()?)),
        [_] => return None,
    };
    Some(StatEntry { stamp, digest, key })
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

    fn remembered(seed: u8, modified: i64) -> StatEntry {
        StatEntry {
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

    fn save(folder: &Path, files: &[(&str, StatEntry)]) -> std::io::Result<()> {
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
        let place = shard(folder.path()).path;
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
