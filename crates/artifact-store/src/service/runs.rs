//! Runs.

use artifact_core::ports::RunProgress;
use artifact_core::records::{
    LineCounts, Run, RunAddress, RunChanges, RunState, RunStorageId, RunStream,
};
use artifact_core::{EntityName, ProjectAddress, RunId};
use serde_json::{Map, Value, json};

use super::listing::{Listable, count, select, time_text};
use super::{Caller, ListQuery, Listed, Service, Slice};
use crate::StoreError;
use crate::ids::run_key;
use crate::metadata::{MetadataStoreExt as _, ProjectKey, RunKey, Scope, Snapshot, Transaction};

/// A run that is silent for longer than this has crashed: five minutes.
const PATIENCE_MILLIS: i64 = 5 * 60 * 1000;

impl Listable for (RunKey, Run) {
    fn document(&self) -> Value {
        let (_, run) = self;
        let user = run.created_by.as_ref().map(EntityName::as_str);
        json!({
            "name": run.address.id.as_str(),
            "display_name": run.display_name,
            "description": run.description,
            "notes": run.notes,
            "tags": run.tags,
            "group": run.group,
            "job_type": run.job_type,
            "commit": run.commit,
            "repo": run.repo,
            "program": run.program,
            "host": run.host,
            "sweep": run.sweep,
            "config": run.config.all_values(),
            "summary_metrics": run.summary,
            "state": run.state.as_str(),
            "exit_code": run.exit_code,
            "username": user,
            "user": {"username": user},
            "created_at": time_text(run.created_at),
            "heartbeat_at": time_text(run.heartbeat_at),
        })
    }

    fn number(&self) -> i64 {
        self.0.0
    }
}

/// Whether a filter or an order may ask for the large parts of runs. Reading those of all runs for each part of a
/// listing would take most of its time.
fn needs_full_runs(text: &str) -> bool {
    text.contains("config") || text.contains("summary") || text.contains('\\')
}

impl Service {
    /// Creates a run, or changes it. Returns also whether it is new.
    ///
    /// It counts as a sign of life, and a run that had ended is running again unless the changes say otherwise.
    ///
    /// # Errors
    /// When the caller may not, when a run of this id was deleted, and when the store fails.
    pub fn upsert_run(
        &self,
        address: &RunAddress,
        changes: &RunChanges,
    ) -> Result<(Run, bool), StoreError> {
        let created_by = match &self.caller {
            Caller::Operator => None,
            Caller::Account(name) => Some(name),
        };
        self.core
            .metadata
            .writing(&Scope::Project(address.project.clone()), |tx| {
                self.must_be_allowed(&*tx, &address.project.entity)?;
                let (run, is_new) = self.core.put_run(tx, address, changes, created_by)?;
                Ok((self.seen(tx.run_record(run)?), is_new))
            })
    }

    /// Changes a run that is there. Unlike [`Self::upsert_run`] it is no sign of life, and leaves the state as it is
    /// unless the changes name one: whoever edits a run that has ended does not start it.
    ///
    /// # Errors
    /// As [`Self::upsert_run`], and [`RegistryError::NoRun`](artifact_core::ports::RegistryError::NoRun).
    pub fn update_run(&self, id: &RunStorageId, changes: &RunChanges) -> Result<Run, StoreError> {
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let (run, project) = self.run_to_change(&*tx, id)?;
            tx.update_run(run, changes)?;
            if let Some(state) = changes.state {
                tx.set_run_state(run, state, None, now)?;
            }
            tx.touch_project(project, now)?;
            Ok(self.seen(tx.run_record(run)?))
        })
    }

    /// Finds a run.
    ///
    /// # Errors
    /// When the store fails.
    pub fn run(&self, project: &ProjectAddress, id: &RunId) -> Result<Option<Run>, StoreError> {
        self.core.metadata.reading(|rows| {
            if !self.may_see(rows, &project.entity)? {
                return Ok(None);
            }
            let Some(project) = rows.project(project)? else {
                return Ok(None);
            };
            let run = rows.run(project, id)?;
            run.map(|run| Ok(self.seen(rows.run_record(run)?)))
                .transpose()
        })
    }

    /// Finds a run by its id in the store.
    ///
    /// # Errors
    /// When the store fails.
    pub fn run_with_id(&self, id: &RunStorageId) -> Result<Option<Run>, StoreError> {
        self.core.metadata.reading(|rows| {
            let run = self.visible_run(rows, id)?;
            run.map(|run| Ok(self.seen(rows.run_record(run)?)))
                .transpose()
        })
    }

    /// Returns the length of each stream of a run.
    ///
    /// # Errors
    /// When the store fails.
    pub fn line_counts(&self, id: &RunStorageId) -> Result<LineCounts, StoreError> {
        self.core
            .metadata
            .reading(|rows| match self.visible_run(rows, id)? {
                Some(run) => rows.line_counts(run),
                None => Ok(LineCounts::default()),
            })
    }

    /// Returns the number of files of a run.
    ///
    /// # Errors
    /// When the store fails.
    pub fn run_file_count(&self, id: &RunStorageId) -> Result<u64, StoreError> {
        self.core
            .metadata
            .reading(|rows| match self.visible_run(rows, id)? {
                Some(run) => rows.run_file_count(run),
                None => Ok(0),
            })
    }

    /// Lists the runs of a project, the oldest first unless the query says otherwise.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn runs(
        &self,
        project: &ProjectAddress,
        query: &ListQuery,
    ) -> Result<Slice<Run>, StoreError> {
        let in_full = [&query.filter, &query.order]
            .into_iter()
            .flatten()
            .any(|text| needs_full_runs(text));
        self.core.metadata.reading(|rows| {
            let mut slice = select(self.all_runs(rows, project, in_full)?, query, "+created_at")?;
            if !in_full {
                for Listed {
                    item: (key, run), ..
                } in &mut slice.items
                {
                    *run = self.seen(rows.run_record(*key)?);
                }
            }
            Ok(slice.map(|(_, run)| run))
        })
    }

    /// Returns how many runs of a project a filter lets through.
    ///
    /// # Errors
    /// When the filter cannot be read, and when the store fails.
    pub fn run_count(
        &self,
        project: &ProjectAddress,
        filter: Option<&str>,
    ) -> Result<u64, StoreError> {
        let in_full = filter.is_some_and(needs_full_runs);
        let runs = self
            .core
            .metadata
            .reading(|rows| self.all_runs(rows, project, in_full))?;
        count(&runs, filter)
    }

    fn all_runs(
        &self,
        rows: &dyn Snapshot,
        project: &ProjectAddress,
        in_full: bool,
    ) -> Result<Vec<(RunKey, Run)>, StoreError> {
        if !self.may_see(rows, &project.entity)? {
            return Ok(Vec::new());
        }
        let runs = match rows.project(project)? {
            Some(project) => rows.runs_of(project, in_full)?,
            None => Vec::new(),
        };
        let runs = runs.into_iter();
        Ok(runs.map(|(key, run)| (key, self.seen(run))).collect())
    }

    /// Deletes a run, with the versions that it logged where `with_artifacts`; deleting it again changes nothing.
    ///
    /// # Errors
    /// When the caller may not, and when the store fails.
    pub fn delete_run(&self, id: &RunStorageId, with_artifacts: bool) -> Result<(), StoreError> {
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let (run, project, is_deleted) = self.known_run(&*tx, id)?;
            if is_deleted {
                return Ok(());
            }
            if with_artifacts {
                self.delete_versions_of_run(tx, run)?;
            }
            tx.delete_run(run, now)?;
            tx.touch_project(project, now)
        })
    }

    /// Deletes what a run was the first to log.
    fn delete_versions_of_run(
        &self,
        tx: &mut dyn Transaction,
        run: RunKey,
    ) -> Result<(), StoreError> {
        let mut versions = tx.versions_first_logged_by(run)?.into_iter();
        versions.try_for_each(|version| self.core.delete_with_links(tx, version))
    }

    /// Asks a run to stop: it learns so from the answer to its next stream message.
    ///
    /// # Errors
    /// When the caller may not, and when the store fails.
    pub fn stop_run(&self, id: &RunStorageId) -> Result<(), StoreError> {
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Whole, |tx| {
            let (run, project) = self.run_to_change(&*tx, id)?;
            tx.request_stop(run)?;
            tx.touch_project(project, now)
        })
    }
}

/// Rules that the other parts of a run share.
impl Service {
    /// Returns a run as it is seen now: one that has not ended and is silent for long has crashed.
    pub(super) fn seen(&self, mut run: Run) -> Run {
        let now = self.core.now().as_unix_millis();
        let silence = now.saturating_sub(run.heartbeat_at.as_unix_millis());
        if run.state == RunState::Running && PATIENCE_MILLIS < silence {
            run.state = RunState::Crashed;
        }
        run
    }

    /// Finds a run that the caller may see; `None` also for an id of somebody else's making.
    pub(super) fn visible_run(
        &self,
        rows: &dyn Snapshot,
        id: &RunStorageId,
    ) -> Result<Option<RunKey>, StoreError> {
        let Ok(run) = run_key(id) else {
            return Ok(None);
        };
        let Some((project, false)) = rows.project_of_run(run)? else {
            return Ok(None);
        };
        let entity = rows.project_record(project)?.address.entity;
        Ok(self.may_see(rows, &entity)?.then_some(run))
    }

    /// Returns a run that is there, to a caller who may change it.
    fn run_to_change(
        &self,
        rows: &dyn Snapshot,
        id: &RunStorageId,
    ) -> Result<(RunKey, ProjectKey), StoreError> {
        match self.known_run(rows, id)? {
            (run, _, true) => Err(self.core.no_run(&rows.run_record(run)?.address)),
            (run, project, false) => Ok((run, project)),
        }
    }

    /// Returns a run that is or was there, and whether it is deleted, to a caller who may change it.
    fn known_run(
        &self,
        rows: &dyn Snapshot,
        id: &RunStorageId,
    ) -> Result<(RunKey, ProjectKey, bool), StoreError> {
        let run = run_key(id)?;
        let Some((project, is_deleted)) = rows.project_of_run(run)? else {
            return Err(StoreError::rejected(format!(
                "there is no run with the id {}",
                id.0
            )));
        };
        self.must_be_allowed(rows, &rows.project_record(project)?.address.entity)?;
        Ok((run, project, is_deleted))
    }
}

impl Service {
    /// Returns how far a run is; `None` where there is none, or none that a client ever started.
    pub(crate) fn run_progress(&self, run: &RunAddress) -> Result<Option<RunProgress>, StoreError> {
        let found = self.run(&run.project, &run.id)?;
        let Some(run) = found.filter(|run| run.config.is_started()) else {
            return Ok(None);
        };
        let last = self.last_lines(&run.id, RunStream::History, 1)?;
        let last = last.first();
        let last: Option<Map<_, _>> = last.and_then(|line| serde_json::from_str(&line.text).ok());
        let step = |of: &Map<String, Value>| of.get("_step").and_then(Value::as_u64);
        let last_step = last.as_ref().and_then(step);
        let last_step = last_step.or_else(|| step(&run.summary));
        Ok(Some(RunProgress {
            line_counts: self.line_counts(&run.id)?,
            last_step,
            run,
        }))
    }
}
