//! Runs.

use artifact_core::ports::{RunAddress, RunOutcome, RunRecord, RunSpec};

use super::Core;
use crate::StoreError;
use crate::metadata::MetadataStoreExt as _;

impl Core {
    /// Creates a run, or updates it.
    pub(super) fn upsert_run(&self, spec: &RunSpec) -> Result<RunRecord, StoreError> {
        let now = self.now();
        self.metadata.writing(|tx| {
            let project = tx.ensure_project(&spec.address.project, now)?;
            let run = tx.put_run(project, spec, now)?;
            tx.run_record(run)
        })
    }

    /// Records how a run ended.
    pub(super) fn finish_run(
        &self,
        address: &RunAddress,
        outcome: RunOutcome,
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.metadata.writing(|tx| {
            let run = self.existing_run(&*tx, address)?;
            tx.finish_run(run, outcome, now)
        })
    }
}
