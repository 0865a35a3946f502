//! Runs, and which versions they log and use.

use artifact_core::ports::RunRecord;
use artifact_core::{EntityName, RunId, Timestamp};

use super::{ProjectKey, RunKey, VersionKey};
use crate::StoreError;
use crate::service::{Run, RunChanges, RunState};

/// What can be asked of runs.
pub(crate) trait RunTable {
    /// Finds a run that is not deleted.
    fn run(&self, project: ProjectKey, id: &RunId) -> Result<Option<RunKey>, StoreError>;

    /// Whether a run of this id was deleted.
    fn is_run_deleted(&self, project: ProjectKey, id: &RunId) -> Result<bool, StoreError>;

    /// Returns the project of a run and whether the run is deleted.
    fn project_of_run(&self, run: RunKey) -> Result<Option<(ProjectKey, bool)>, StoreError>;

    /// Returns how many runs a project has had, deleted ones too.
    fn runs_ever(&self, project: ProjectKey) -> Result<u64, StoreError>;

    /// Returns all that is known of a run, with the state as recorded.
    fn run_row(&self, run: RunKey) -> Result<Run, StoreError>;

    /// Lists the runs of a project that are not deleted, in no order; unless `in_full`, without configuration, summary
    /// and counts.
    fn runs_of(&self, project: ProjectKey, in_full: bool) -> Result<Vec<Run>, StoreError>;

    /// Returns the state of a run as recorded, and whether it was asked to stop.
    fn run_status(&self, run: RunKey) -> Result<(RunState, bool), StoreError>;

    /// Returns what the registry port knows of a run.
    fn run_record(&self, run: RunKey) -> Result<RunRecord, StoreError>;

    /// Returns the run that logged a version, unless it is deleted.
    fn run_that_logged(&self, version: VersionKey) -> Result<Option<RunKey>, StoreError>;

    /// Returns the runs that use a version and are not deleted, in the order in which they began to.
    fn runs_that_use(&self, version: VersionKey) -> Result<Vec<RunKey>, StoreError>;
}

/// What can be done to runs.
pub(crate) trait RunTableMut {
    /// Creates a run, which is running.
    fn insert_run(
        &mut self,
        project: ProjectKey,
        id: &RunId,
        display_name: &str,
        created_by: Option<&EntityName>,
        now: Timestamp,
    ) -> Result<RunKey, StoreError>;

    /// Changes a run, but for its state; what `changes` does not say stays.
    fn change_run(&mut self, run: RunKey, changes: &RunChanges) -> Result<(), StoreError>;

    /// Records what a run is doing or how it ended. With the end, a wish that it stop is done with.
    fn set_run_state(
        &mut self,
        run: RunKey,
        state: RunState,
        exit_code: Option<i32>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records that a run was heard of.
    fn note_sign_of_life(&mut self, run: RunKey, now: Timestamp) -> Result<(), StoreError>;

    /// Records that a run is to stop.
    fn ask_to_stop(&mut self, run: RunKey) -> Result<(), StoreError>;

    /// Marks a run as deleted; what refers to it stays.
    fn delete_run(&mut self, run: RunKey, now: Timestamp) -> Result<(), StoreError>;

    /// Deletes the committed versions that a run logged, with their aliases.
    fn delete_versions_of_run(&mut self, run: RunKey, now: Timestamp) -> Result<(), StoreError>;

    /// Records that a run uses a version; the first time counts.
    fn put_usage(
        &mut self,
        run: RunKey,
        version: VersionKey,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
