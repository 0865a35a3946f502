//! Temporary files of an artifact.

use std::sync::Arc;

use tempfile::{TempDir, TempPath};

/// Temporary files of an artifact, which are removed with it.
#[derive(Debug)]
#[expect(dead_code, reason = "both are only kept")]
pub(crate) enum Made {
    /// A file.
    File(TempPath),
    /// A folder of files, which others may use, too.
    Folder(Arc<TempDir>),
}
