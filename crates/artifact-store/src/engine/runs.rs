//! Runs.

use artifact_core::EntityName;
use artifact_core::records::{Run, RunAddress, RunChanges, RunState};

use super::Core;
use super::run_names::run_name;
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, ProjectKey, RunKey, Scope, Transaction};

impl Core {
    /// Creates a run, or updates it.
    pub(super) fn upsert_run(
        &self,
        run: &RunAddress,
        changes: &RunChanges,
    ) -> Result<Run, StoreError> {
        self.metadata
            .writing(&Scope::Project(run.project.clone()), |tx| {
                let (run, _) = self.put_run(tx, run, changes, None)?;
                tx.run_record(run)
            })
    }

    /// Creates a run, or changes it: it is heard of now, and unless `changes` says otherwise it is running. Returns also
    /// whether it is new.
    pub(crate) fn put_run(
        &self,
        tx: &mut dyn Transaction,
        address: &RunAddress,
        changes: &RunChanges,
        created_by: Option<&EntityName>,
    ) -> Result<(RunKey, bool), StoreError> {
        let now = self.now();
        let project = tx.ensure_project(&address.project, now)?;
        let found = tx.run(project, &address.id)?;
        let run = match found {
            Some(run) => run,
            None => self.create_run(tx, project, address, created_by)?,
        };
        let state = changes.state.unwrap_or(RunState::Running);
        tx.update_run(run, changes)?;
        tx.set_run_state(run, state, None, now)?;
        tx.record_heartbeat(run, now)?;
        tx.touch_project(project, now)?;
        Ok((run, found.is_none()))
    }

    fn create_run(
        &self,
        tx: &mut dyn Transaction,
        project: ProjectKey,
        address: &RunAddress,
        created_by: Option<&EntityName>,
    ) -> Result<RunKey, StoreError> {
        if tx.is_run_deleted(project, &address.id)? {
            return Err(StoreError::rejected(format!(
                "the run {address} was deleted: log to a run with another id"
            )));
        }
        let name = run_name(address, tx.count_runs_ever(project)?.saturating_add(1));
        tx.insert_run(project, &address.id, &name, created_by, self.now())
    }

    /// Records how a run ended.
    pub(crate) fn end_run(
        &self,
        tx: &mut dyn Transaction,
        run: RunKey,
        exit_code: i32,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let state = match exit_code {
            0 => RunState::Finished,
            _ => RunState::Failed,
        };
        tx.set_run_state(run, state, Some(exit_code), now)?;
        if let Some((project, _)) = tx.project_of_run(run)? {
            tx.touch_project(project, now)?;
        }
        Ok(())
    }
}
