//! Runs, the lines that they write, and their files.

use artifact_core::records::{
    LineBatch, LineCounts, Run, RunChanges, RunLine, RunState, RunStream,
};
use artifact_core::{ContentDigest, ContentKey, EntityName, LogicalPath, RunId, Timestamp};

use super::{BlobKey, ProjectKey, RunKey};
use crate::StoreError;

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFileRow {
    /// The row number: unique in the store, and never used again.
    pub number: i64,
    /// The path within the run.
    pub name: LogicalPath,
    /// The length in bytes.
    pub size: u64,
    /// The MD5 of its bytes.
    pub md5: ContentDigest,
    /// The time when it was stored last.
    pub updated_at: Timestamp,
    /// The content.
    pub content: ContentKey,
}

/// Reads runs.
pub trait RunTable {
    /// Finds a run that is not deleted.
    fn run(&self, project: ProjectKey, id: &RunId) -> Result<Option<RunKey>, StoreError>;

    /// Returns whether a run of this id was deleted.
    fn is_run_deleted(&self, project: ProjectKey, id: &RunId) -> Result<bool, StoreError>;

    /// Returns the project of a run, and whether the run is deleted.
    fn project_of_run(&self, run: RunKey) -> Result<Option<(ProjectKey, bool)>, StoreError>;

    /// Returns the number of runs that a project ever had, deleted ones included.
    fn count_runs_ever(&self, project: ProjectKey) -> Result<u64, StoreError>;

    /// Returns the record of a run, which must exist, with the state as recorded.
    fn run_record(&self, run: RunKey) -> Result<Run, StoreError>;

    /// Lists the runs of a project that are not deleted, in no order; unless `in_full`, with empty configuration and
    /// summary.
    fn runs_of(&self, project: ProjectKey, in_full: bool)
    -> Result<Vec<(RunKey, Run)>, StoreError>;

    /// Returns the recorded state of a run, and whether it was asked to stop.
    fn run_status(&self, run: RunKey) -> Result<(RunState, bool), StoreError>;
}

/// Changes runs.
pub trait RunTableMut {
    /// Creates a run in the state [`RunState::Running`].
    fn insert_run(
        &mut self,
        project: ProjectKey,
        id: &RunId,
        display_name: &str,
        created_by: Option<&EntityName>,
        now: Timestamp,
    ) -> Result<RunKey, StoreError>;

    /// Changes a run, except for its state; fields that are `None` in `changes` stay.
    fn update_run(&mut self, run: RunKey, changes: &RunChanges) -> Result<(), StoreError>;

    /// Sets the state of a run. A state that ends the run clears a request to stop.
    fn set_run_state(
        &mut self,
        run: RunKey,
        state: RunState,
        exit_code: Option<i32>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records a heartbeat of a run; an earlier time than the recorded one is ignored.
    fn record_heartbeat(&mut self, run: RunKey, now: Timestamp) -> Result<(), StoreError>;

    /// Records a request that a run stop.
    fn request_stop(&mut self, run: RunKey) -> Result<(), StoreError>;

    /// Marks a run as deleted; rows that refer to it stay.
    fn delete_run(&mut self, run: RunKey, now: Timestamp) -> Result<(), StoreError>;
}

/// Reads the lines of runs. A line that was never written has no row.
pub trait RunLineTable {
    /// Returns up to `limit` lines from line `from` on, in order.
    fn lines(
        &self,
        run: RunKey,
        stream: RunStream,
        from: u64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError>;

    /// Returns up to `limit` lines of the history whose steps are in `min_step..max_step`, by step. The step of a line
    /// without an integer `_step` is its number.
    fn lines_of_steps(
        &self,
        run: RunKey,
        min_step: i64,
        max_step: i64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError>;

    /// Returns the length of each stream: the number of its last line plus one.
    fn line_counts(&self, run: RunKey) -> Result<LineCounts, StoreError>;

    /// Returns the numbers of all lines, in order.
    fn line_numbers(&self, run: RunKey, stream: RunStream) -> Result<Vec<u64>, StoreError>;

    /// Returns the lines with these numbers, in the order of the numbers; those that do not exist are left out.
    fn lines_at(
        &self,
        run: RunKey,
        stream: RunStream,
        numbers: &[u64],
    ) -> Result<Vec<RunLine>, StoreError>;

    /// Returns the last `limit` lines, in order.
    fn last_lines(
        &self,
        run: RunKey,
        stream: RunStream,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError>;
}

/// Changes the lines of runs.
pub trait RunLineTableMut {
    /// Writes lines; those with the same numbers are replaced.
    fn put_lines(&mut self, run: RunKey, batch: &LineBatch) -> Result<(), StoreError>;
}

/// Reads the files of runs.
pub trait RunFileTable {
    /// Lists the files of a run whose names match `pattern`, in no order. In a pattern `%` stands for any text and `_`
    /// for any character; ASCII letters match in either case.
    fn run_files(&self, run: RunKey, pattern: Option<&str>) -> Result<Vec<RunFileRow>, StoreError>;

    /// Returns the number of files of a run.
    fn run_file_count(&self, run: RunKey) -> Result<u64, StoreError>;

    /// Returns the run of a file.
    fn run_of_file(&self, number: i64) -> Result<Option<RunKey>, StoreError>;

    /// Returns the content of a file.
    fn run_file_content(
        &self,
        run: RunKey,
        name: &LogicalPath,
    ) -> Result<Option<ContentKey>, StoreError>;
}

/// Changes the files of runs.
pub trait RunFileTableMut {
    /// Sets the content of a file.
    fn put_run_file(
        &mut self,
        run: RunKey,
        name: &LogicalPath,
        blob: BlobKey,
        md5: &ContentDigest,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes a file if it exists, and returns its content.
    fn delete_run_file(&mut self, number: i64) -> Result<Option<ContentKey>, StoreError>;
}
