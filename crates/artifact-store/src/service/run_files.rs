//! The files of runs.

use artifact_core::ports::{DownloadTicket, RunAddress, UploadTicket};
use artifact_core::{ContentDigest, LogicalPath, Timestamp};

use super::{ListQuery, RunStorageId, Service, Slice};
use crate::StoreError;

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFile {
    /// Its row number: unique in the store.
    pub number: i64,
    /// Its path within the run.
    pub name: LogicalPath,
    /// Its length in bytes.
    pub size: u64,
    /// The MD5 of its bytes.
    pub md5: ContentDigest,
    /// Its type, by the ending of its name.
    pub mimetype: Option<String>,
    /// When it was stored last.
    pub updated_at: Timestamp,
    /// Where its content can be had.
    pub ticket: DownloadTicket,
}

/// Which files of a run are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileSelection {
    /// Only these, if any are given.
    pub names: Vec<String>,
    /// Only those whose name is like this, with `%` and `_` as in SQL's `LIKE`.
    pub pattern: Option<String>,
}

impl Service {
    /// Returns where to send the files of a run, in the order of the request.
    ///
    /// # Errors
    /// [`RegistryError::NoRun`](artifact_core::ports::RegistryError::NoRun), when the caller may not, when a name
    /// leaves the run's folder, and when the store fails.
    pub fn request_run_files(
        &self,
        run: &RunAddress,
        names: &[String],
    ) -> Result<Vec<UploadTicket>, StoreError> {
        let _ = (run, names);
        todo!()
    }

    /// Lists the files of a run, by name.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn run_files(
        &self,
        run: &RunStorageId,
        selection: &FileSelection,
        query: &ListQuery,
    ) -> Result<Slice<RunFile>, StoreError> {
        let _ = (run, selection, query);
        todo!()
    }

    /// Deletes files of runs by their numbers; those that are gone are no error.
    ///
    /// # Errors
    /// When the caller may not, and when the store fails.
    pub fn delete_run_files(&self, numbers: &[i64]) -> Result<(), StoreError> {
        let _ = numbers;
        todo!()
    }
}
