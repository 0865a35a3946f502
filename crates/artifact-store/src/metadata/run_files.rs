//! The files of runs.

use artifact_core::{ContentDigest, ContentKey, LogicalPath, Timestamp};

use super::{BlobKey, RunKey};
use crate::StoreError;
use crate::service::RunFile;

/// What can be asked of the files of runs.
pub(crate) trait RunFileTable {
    /// Lists the files of a run whose name is like `pattern`, if there is one.
    fn run_files(&self, run: RunKey, pattern: Option<&str>) -> Result<Vec<RunFile>, StoreError>;

    /// Returns whose file this is.
    fn run_of_file(&self, number: i64) -> Result<Option<RunKey>, StoreError>;

    /// Returns the content of a file.
    fn run_file_content(
        &self,
        run: RunKey,
        name: &LogicalPath,
    ) -> Result<Option<ContentKey>, StoreError>;
}

/// What can be done to the files of runs.
pub(crate) trait RunFileTableMut {
    /// Records what a file of a run holds now.
    fn put_run_file(
        &mut self,
        run: RunKey,
        name: &LogicalPath,
        blob: BlobKey,
        md5: &ContentDigest,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes a file; returns what it held.
    fn delete_run_file(&mut self, number: i64) -> Result<Option<ContentKey>, StoreError>;
}
