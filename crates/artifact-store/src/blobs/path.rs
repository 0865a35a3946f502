//! The file name of a blob.

use std::path::{Path, PathBuf};

use artifact_core::ContentKey;

/// Returns where the blob lies below `root`: `ab/cdef…`, in hex.
pub(super) fn blob_path(root: &Path, key: &ContentKey) -> PathBuf {
    let hex = key.to_string();
    // Fan-out by the first byte keeps folders small: 400 files each at 100,000 blobs.
    let (folder, file) = hex.split_at(2);
    let mut path = PathBuf::with_capacity(root.as_os_str().len() + hex.len() + 2);
    path.push(root);
    path.push(folder);
    path.push(file);
    path
}
