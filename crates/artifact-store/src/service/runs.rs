//! Runs, with all that a client says and asks of them.

use artifact_core::ports::RunAddress;
use artifact_core::{EntityName, ProjectAddress, RunId, Timestamp};
use serde_json::{Map, Value};

use super::{ListQuery, Service, Slice};
use crate::StoreError;

/// A store's id of a run; opaque, and unlike the [`RunId`] unique in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunStorageId(pub String);

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunState {
    /// It has not ended, and was heard of lately.
    Running,
    /// It ended with exit code 0.
    Finished,
    /// It ended with another exit code.
    Failed,
    /// It has not ended, and was not heard of for five minutes.
    Crashed,
    /// It was taken away to go on later.
    Preempting,
    /// It was created and has not started.
    Pending,
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id in the store.
    pub id: RunStorageId,
    /// Its row number: unique in the store.
    pub number: i64,
    /// Its address.
    pub address: RunAddress,
    /// What people call it: as given, or an adjective, a noun and a number.
    pub display_name: String,
    /// A longer description.
    pub description: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// The group of runs it belongs to.
    pub group: Option<String>,
    /// The kind of work it does.
    pub job_type: Option<String>,
    /// The commit of the program.
    pub commit: Option<String>,
    /// The repository of the program.
    pub repo: Option<String>,
    /// The program.
    pub program: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The sweep that it is part of.
    pub sweep: Option<String>,
    /// Its configuration, as the client shapes it: `{"key": {"value": …}}`.
    pub config: Map<String, Value>,
    /// Its summary.
    pub summary: Map<String, Value>,
    /// What it is doing.
    pub state: RunState,
    /// How it ended, once it has.
    pub exit_code: Option<i32>,
    /// The account that created it.
    pub created_by: Option<EntityName>,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it was last heard of.
    pub heartbeat_at: Timestamp,
    /// How many lines its streams have: history, events, console.
    pub line_counts: [u64; 3],
    /// How many files it has.
    pub file_count: u64,
}

/// What to create or change of a run; what is `None` stays. Source: `UpsertBucketInput` of the wire protocol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunChanges {
    /// What people call it.
    pub display_name: Option<String>,
    /// A longer description.
    pub description: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Free labels, in whole.
    pub tags: Option<Vec<String>>,
    /// The group of runs it belongs to.
    pub group: Option<String>,
    /// The kind of work it does.
    pub job_type: Option<String>,
    /// The commit of the program.
    pub commit: Option<String>,
    /// The repository of the program.
    pub repo: Option<String>,
    /// The program.
    pub program: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The sweep that it is part of.
    pub sweep: Option<String>,
    /// Its configuration, in whole.
    pub config: Option<Map<String, Value>>,
    /// Its summary, in whole.
    pub summary: Option<Map<String, Value>>,
    /// The state in the protocol's words: `running`, `finished`, `failed`, `crashed`, `preempting`, `pending`.
    pub state: Option<String>,
}

impl Service {
    /// Creates a run, or changes it. Returns also whether it is new.
    ///
    /// # Errors
    /// When the caller may not, when a run of this id was deleted, and when the store fails.
    pub fn upsert_run(
        &self,
        address: &RunAddress,
        changes: &RunChanges,
    ) -> Result<(Run, bool), StoreError> {
        let _ = (address, changes);
        todo!()
    }

    /// Changes a run that is there.
    ///
    /// # Errors
    /// As [`Self::upsert_run`], and [`RegistryError::NoRun`](artifact_core::ports::RegistryError::NoRun).
    pub fn update_run(&self, id: &RunStorageId, changes: &RunChanges) -> Result<Run, StoreError> {
        let _ = (id, changes);
        todo!()
    }

    /// Finds a run.
    ///
    /// # Errors
    /// When the store fails.
    pub fn run(&self, project: &ProjectAddress, id: &RunId) -> Result<Option<Run>, StoreError> {
        let _ = (project, id);
        todo!()
    }

    /// Finds a run by its id in the store.
    ///
    /// # Errors
    /// When the store fails.
    pub fn run_with_id(&self, id: &RunStorageId) -> Result<Option<Run>, StoreError> {
        let _ = id;
        todo!()
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
        let _ = (project, query);
        todo!()
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
        let _ = (project, filter);
        todo!()
    }

    /// Deletes a run, with the versions that it logged where `with_artifacts`; deleting it again changes nothing.
    ///
    /// # Errors
    /// When the caller may not, and when the store fails.
    pub fn delete_run(&self, id: &RunStorageId, with_artifacts: bool) -> Result<(), StoreError> {
        let _ = (id, with_artifacts);
        todo!()
    }

    /// Asks a run to stop: it learns so from the answer to its next stream message.
    ///
    /// # Errors
    /// When the caller may not, and when the store fails.
    pub fn stop_run(&self, id: &RunStorageId) -> Result<(), StoreError> {
        let _ = id;
        todo!()
    }
}
