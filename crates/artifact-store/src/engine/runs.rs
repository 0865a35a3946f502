//! Runs, their files, and their lineage: the versions that they log and use.

use artifact_core::records::{ArtifactId, Run, RunAddress, RunChanges, RunState};
use artifact_core::{ContentDigest, ContentKey, EntityName, LogicalPath};
use sha2::{Digest as _, Sha256};

use super::Core;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{MetadataStoreExt as _, ProjectKey, RunKey, Scope, Snapshot, Transaction};

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

    /// Creates or changes a run, and records its activity. It is running unless `changes` has another state. Also
    /// returns whether it is new.
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

    /// Records the end of a run.
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

const ADJECTIVES: [&str; 32] = [
    "amber", "bold", "brisk", "calm", "clear", "cosy", "crisp", "deft", "eager", "fair", "fleet",
    "fresh", "gentle", "glad", "golden", "grand", "hardy", "keen", "lively", "lucid", "mellow",
    "mild", "neat", "noble", "plucky", "quiet", "rapid", "silver", "steady", "sunny", "vivid",
    "wise",
];

const NOUNS: [&str; 32] = [
    "acorn", "badger", "beacon", "birch", "brook", "cedar", "cliff", "comet", "coral", "crane",
    "dune", "ember", "falcon", "fern", "fjord", "glade", "harbor", "heron", "island", "lagoon",
    "lynx", "maple", "meadow", "otter", "pebble", "pine", "river", "robin", "summit", "thicket",
    "tide", "willow",
];

/// Returns an adjective, a noun and the number: `calm-otter-7`. The words depend on the address alone, so that a
/// transaction that is rerun chooses the same name.
pub(super) fn run_name(address: &RunAddress, number: u64) -> String {
    let hash = Sha256::digest(address.to_string());
    let adjective = ADJECTIVES[usize::from(hash[0]) % ADJECTIVES.len()];
    let noun = NOUNS[usize::from(hash[1]) % NOUNS.len()];
    format!("{adjective}-{noun}-{number}")
}

impl Core {
    /// Makes ingested content the content of a file of a run. Its bytes must be durable.
    pub(super) fn put_run_file(
        &self,
        tx: &mut dyn Transaction,
        run: RunKey,
        name: &LogicalPath,
        blob: (ContentKey, u64),
        md5: &ContentDigest,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let project = Self::project_of_live_run(&*tx, run)?;
        if let Some(replaced) = tx.run_file_content(run, name)?
            && replaced != blob.0
        {
            self.writer()?.note_possible_orphan(&replaced)?;
        }
        let row = tx.ensure_blobs(&[blob])?[0];
        tx.put_run_file(run, name, row.key, md5, now)?;
        tx.record_heartbeat(run, now)?;
        tx.touch_project(project, now)
    }

    pub(super) fn project_of_live_run(
        rows: &dyn Snapshot,
        run: RunKey,
    ) -> Result<ProjectKey, StoreError> {
        match rows.project_of_run(run)? {
            Some((project, false)) => Ok(project),
            _ => Err(StoreError::rejected(
                "the run of this file is not there any more: ask for another ticket",
            )),
        }
    }
}

impl Core {
    /// Records that a run uses a version.
    pub(crate) fn use_artifact(&self, run: &RunAddress, id: &ArtifactId) -> Result<(), StoreError> {
        let (key, now) = (version_key(id)?, self.now());
        self.metadata.writing(&Scope::Run(run.clone()), |tx| {
            let run = self.existing_run(&*tx, run)?;
            let version = self.committed_version(&*tx, key)?;
            tx.put_usage(run, version.key, now)
        })
    }

    /// Returns the run that logged a version.
    pub(super) fn logged_by(&self, id: &ArtifactId) -> Result<Option<Run>, StoreError> {
        let key = version_key(id)?;
        self.metadata.reading(|rows| {
            let version = self.committed_version(rows, key)?;
            let run = rows.logged_by(version.key)?;
            run.map(|run| rows.run_record(run)).transpose()
        })
    }

    /// Returns the runs that use a version, in the order in which they began to.
    pub(super) fn used_by(&self, id: &ArtifactId) -> Result<Vec<Run>, StoreError> {
        let key = version_key(id)?;
        self.metadata.reading(|rows| {
            let version = self.committed_version(rows, key)?;
            let runs = rows.used_by(version.key)?;
            runs.into_iter().map(|run| rows.run_record(run)).collect()
        })
    }
}
