//! Runs.

use artifact_core::EntityName;
use artifact_core::ports::{RunAddress, RunRecord, RunSpec};
use serde_json::{Map, Value, json};

use super::Core;
use super::run_names::run_name;
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, ProjectKey, Run, RunKey, Scope, Transaction};
use crate::service::{OWN_CONFIG, RunChanges, RunState};

impl Core {
    /// Creates a run, or updates it.
    pub(super) fn upsert_run(&self, spec: &RunSpec) -> Result<RunRecord, StoreError> {
        let changes = changes_of(spec);
        self.metadata
            .writing(&Scope::Project(spec.address.project.clone()), |tx| {
                let (run, _) = self.put_run(tx, &spec.address, &changes, None)?;
                tx.run_record(run).map(Run::into_record)
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
        let state = requested_state(changes)?.unwrap_or(RunState::Running);
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

/// Returns the state that the changes ask for.
pub(crate) fn requested_state(changes: &RunChanges) -> Result<Option<RunState>, StoreError> {
    let state = changes.state.as_deref().map(str::parse).transpose();
    state.map_err(|error: artifact_core::InvalidValue| StoreError::rejected(error.to_string()))
}

/// Returns what a run is started with as changes of it. An empty list or configuration says nothing.
fn changes_of(spec: &RunSpec) -> RunChanges {
    RunChanges {
        display_name: spec.display_name.clone(),
        notes: spec.notes.clone(),
        tags: Some(spec.tags.clone()).filter(|tags| !tags.is_empty()),
        group: spec.group.clone(),
        job_type: spec.job_type.clone(),
        config: spec.config.as_ref().map(wrapped),
        host: spec.origin.host.clone(),
        program: spec.origin.program.clone(),
        ..RunChanges::default()
    }
}

/// Wraps the values of a configuration as clients of the protocol do. By the part that is the client's own a run is known
/// to have started.
fn wrapped(config: &Map<String, Value>) -> Map<String, Value> {
    let values = config
        .iter()
        .map(|(key, value)| (key.clone(), json!({ "value": value })));
    let own = json!({ "value": { "t": {} } });
    values.chain([(OWN_CONFIG.to_owned(), own)]).collect()
}
