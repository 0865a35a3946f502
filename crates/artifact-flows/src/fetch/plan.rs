//! Finds out what is in place already.

use std::path::Path;

use artifact_core::{EntryDigest, LogicalPath};
use manifest::ManifestEntry;

use super::local_path;
use crate::check::{self, FileToCheck};
use crate::progress::Running;
use crate::stamp;
use crate::stat_cache::Remembered;
use crate::{Flow, FlowError, Phase, parallel};
use artifact_core::FileStamp;

/// What is left to do.
pub(super) struct Plan<'a> {
    pub(super) missing: Vec<(&'a LogicalPath, &'a ManifestEntry)>,
    pub(super) kept_files: u64,
    pub(super) kept_bytes: u64,
}

/// Compares the files in `root` with the `wanted` entries: by stat cache, else by digest, never by size alone.
pub(super) fn compare<'a>(
    flow: &Flow,
    root: &Path,
    wanted: &[(&'a LogicalPath, &'a ManifestEntry)],
) -> Result<Plan<'a>, FlowError> {
    let mut plan = Plan {
        missing: Vec::new(),
        kept_files: 0,
        kept_bytes: 0,
    };
    let mut shard = flow.stat_cache.open(root);
    let present = parallel::map(wanted, |(path, entry)| present_stamp(root, path, entry));
    let mut doubtful = Vec::new();
    let mut lookup = shard.lookup();
    for ((path, entry), stamp) in wanted.iter().copied().zip(present) {
        let Some((digest, stamp)) = entry.digest.content().zip(stamp) else {
            plan.missing.push((path, entry));
            continue;
        };
        match lookup.get(&local_path(root, path), &stamp, digest.algorithm()) {
            Some(remembered) if remembered.digest == *digest => plan.keep(stamp.size),
            Some(_) => plan.missing.push((path, entry)),
            None => doubtful.push((path, entry, *digest, stamp.size)),
        }
    }
    if doubtful.is_empty() {
        return Ok(plan);
    }
    let bytes = doubtful.iter().map(|(.., size)| size).sum();
    let running = Running::start(
        &*flow.progress,
        Phase::Compare,
        Some(doubtful.len() as u64),
        Some(bytes),
    );
    let files = doubtful
        .iter()
        .map(|(path, _, digest, size)| FileToCheck {
            path: local_path(root, path),
            size_hint: *size,
            algorithm: digest.algorithm(),
        })
        .collect();
    for ((path, entry, ..), found) in doubtful.iter().zip(check::digests(files, &*flow.progress)?) {
        match found {
            Some((digest, stamp)) if EntryDigest::Content(digest) == entry.digest => {
                plan.keep(stamp.size);
                let remembered = Remembered {
                    stamp,
                    digest,
                    key: None,
                };
                shard.remember(&local_path(root, path), &remembered);
            }
            _ => plan.missing.push((path, entry)),
        }
    }
    drop(running);
    // Without the cache the next fetch is slower, and nothing else.
    _ = shard.save();
    Ok(plan)
}

impl Plan<'_> {
    const fn keep(&mut self, size: u64) {
        self.kept_files += 1;
        self.kept_bytes += size;
    }
}

/// Returns the stamp of the file at `path`, if it is one that could hold the entry.
fn present_stamp(root: &Path, path: &LogicalPath, entry: &ManifestEntry) -> Option<FileStamp> {
    let metadata = local_path(root, path).symlink_metadata().ok()?;
    let stamp = stamp::of(&metadata);
    (metadata.is_file() && entry.size == Some(stamp.size)).then_some(stamp)
}
