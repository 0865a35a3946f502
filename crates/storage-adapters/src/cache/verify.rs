//! Reading the whole cache.

use std::io;
use std::path::{Path, PathBuf};

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;

use super::layout::Layout;
use super::{Cache, CacheError, discard, open, read_note};
use crate::blocking::Abandoned;
use crate::chunks::each_chunk;

/// What is right in the cache, and what is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheReport {
    /// How many entries are right.
    pub right: u64,
    /// Their bytes.
    pub right_bytes: u64,
    /// Entries that were wrong, and are removed.
    pub wrong: Vec<PathBuf>,
    /// How many entries nobody vouches for, as other clients put them in: they are never used, and stay.
    pub unvouched: u64,
}

impl Cache {
    /// Reads every entry, and removes those that do not hold what their name says. `each` hears of the bytes of each.
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
