//! Runs, and which versions they log and use.

use artifact_core::ports::{RunOutcome, RunRecord, RunSpec};
use artifact_core::{RunId, Timestamp};

use super::{ProjectKey, RunKey, VersionKey};
use crate::StoreError;

/// What can be asked of runs.
pub(crate) trait RunTable {
    /// Finds a run.
    fn run(&self, project: ProjectKey, id: &RunId) -> Result<Option<RunKey>, StoreError>;

    /// Returns what is known of a run.
    fn run_record(&self, run: RunKey) -> Result<RunRecord, StoreError>;

    /// Returns the run that logged a version.
    fn run_that_logged(&self, version: VersionKey) -> Result<Option<RunKey>, StoreError>;

    /// Returns the runs that use a version, in the order in which they began to.
    fn runs_that_use(&self, version: VersionKey) -> Result<Vec<RunKey>, StoreError>;
}

/// What can be done to runs.
pub(crate) trait RunTableMut {
    /// Creates a run, or updates it: what `spec` does not say stays, and the run has not ended.
    fn put_run(
        &mut self,
        project: ProjectKey,
        spec: &RunSpec,
        now: Timestamp,
    ) -> Result<RunKey, StoreError>;

    /// Records how a run ended.
    fn finish_run(
        &mut self,
        run: RunKey,
        outcome: RunOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records that a run uses a version; the first time counts.
    fn put_usage(
        &mut self,
        run: RunKey,
        version: VersionKey,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
