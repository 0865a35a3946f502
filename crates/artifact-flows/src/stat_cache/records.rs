//! Many remembered files in one piece of memory, which is also what the cache file holds.

use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, FileStamp};

use super::Remembered;

/// One record after another: path, stamp, digest, key. A hundred thousand of them are a few allocations.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The records; those that were read have the beginning of their file before them.
    bytes: Vec<u8>,
    /// Where each record starts.
    starts: Vec<usize>,
}

impl Records {
    /// Reads records that were written by [`sorted`](Self::sorted), from `start` to the end of `bytes`; `None` where
    /// they are damaged.
    pub(super) fn decode(bytes: Vec<u8>, start: usize) -> Option<Self> {
        let mut rest = bytes.get(start..)?;
        let mut starts = Vec::new();
        while !rest.is_empty() {
            starts.push(bytes.len() - rest.len());
            take_path(&mut rest)?;
            take_remembered(&mut rest)?;
        }
        Some(Self { bytes, starts })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Adds a record. `path` is seen from the folder that all files have in common.
    pub(super) fn push(&mut self, path: &[u8], remembered: &Remembered) {
        self.starts.push(self.bytes.len());
        let bytes = &mut self.bytes;
        bytes.extend(u32::try_from(path.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(path);
        let stamp = &remembered.stamp;
        bytes.extend(stamp.size.to_le_bytes());
        bytes.extend(stamp.modified.to_le_bytes());
        bytes.extend(stamp.changed.to_le_bytes());
        bytes.extend(stamp.inode.to_le_bytes());
        bytes.extend(stamp.device.to_le_bytes());
        bytes.push(match remembered.digest.algorithm() {
            DigestAlgorithm::Md5 => 0,
            DigestAlgorithm::Xxh128 => 1,
        });
        bytes.extend(remembered.digest.bytes());
        bytes.push(remembered.key.is_some().into());
        if let Some(key) = remembered.key {
            bytes.extend(key.as_bytes());
        }
    }

    /// Returns the record of `path`, in records that came from a cache file and are sorted therefore.
    ///
    /// Looks first at the place `expected`, and leaves there what is to be expected next: whoever asks for paths in
    /// order need not search.
    pub(super) fn find(&self, path: &[u8], expected: &mut usize) -> Option<Remembered> {
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
        let mut rest = &self.bytes[self.starts[found]..];
        take_path(&mut rest)?;
        take_remembered(&mut rest)
    }

    /// Returns these records, and of `older` up to `limit` of other paths, sorted by path.
    pub(super) fn sorted(&self, older: &Self, limit: usize) -> Vec<u8> {
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

    /// Returns every path, and the whole record that it is part of.
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
        take_path(&mut &self.bytes[start..]).unwrap_or_default()
    }
}

fn take_path<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_le_bytes(take(rest)?)).ok()?;
    let (path, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(path)
}

fn take_remembered(rest: &mut &[u8]) -> Option<Remembered> {
    let stamp = FileStamp {
        size: u64::from_le_bytes(take(rest)?),
        modified: i64::from_le_bytes(take(rest)?),
        changed: i64::from_le_bytes(take(rest)?),
        inode: u64::from_le_bytes(take(rest)?),
        device: u64::from_le_bytes(take(rest)?),
    };
    let algorithm = match take(rest)? {
        [0] => DigestAlgorithm::Md5,
        [1] => DigestAlgorithm::Xxh128,
        [_] => return None,
    };
    let digest = ContentDigest::new(algorithm, take(rest)?);
    let key = match take(rest)? {
        [0] => None,
        [1] => Some(ContentKey::from_bytes(take(rest)?)),
        [_] => return None,
    };
    Some(Remembered { stamp, digest, key })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}
