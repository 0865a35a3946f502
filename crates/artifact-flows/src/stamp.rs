//! File stamps: the metadata by which a changed file is noticed.

use std::fs::Metadata;
use std::time::UNIX_EPOCH;

use artifact_core::FileStamp;

/// Returns the stamp of the file that `metadata` describes.
pub(crate) fn of(metadata: &Metadata) -> FileStamp {
    let modified =
        metadata
            .modified()
            .ok()
            .map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
                Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
                Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
            });
    let (changed, inode, device) = identity(metadata, modified);
    FileStamp {
        size: metadata.len(),
        modified,
        changed,
        inode,
        device,
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata, _modified: i64) -> (i64, u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let changed = metadata
        .ctime()
        .saturating_mul(1_000_000_000)
        .saturating_add(metadata.ctime_nsec());
    (changed, metadata.ino(), metadata.dev())
}

#[cfg(not(unix))]
fn identity(_metadata: &Metadata, modified: i64) -> (i64, u64, u64) {
    (modified, 0, 0)
}
