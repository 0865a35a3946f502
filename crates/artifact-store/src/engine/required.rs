//! Rows that must be there, and the clear errors where they are not.

use artifact_core::ProjectAddress;
use artifact_core::ports::{ArtifactLookup, ArtifactRecord, RegistryError};
use artifact_core::records::{ArtifactState, RunAddress, Version};

use super::Core;
use crate::StoreError;
use crate::ids::artifact_id;
use crate::metadata::{ProjectKey, RunKey, Snapshot, VersionKey, VersionRow};

impl Core {
    /// Returns a version that must be committed.
    pub(crate) fn committed_version(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<VersionRow, StoreError> {
        self.version_in(rows, key, ArtifactState::Committed)
    }

    /// Returns a version that must be pending.
    pub(crate) fn pending_version(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<VersionRow, StoreError> {
        self.version_in(rows, key, ArtifactState::Pending)
    }

    fn version_in(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
        needed: ArtifactState,
    ) -> Result<VersionRow, StoreError> {
        let version = rows.version(key)?;
        let version =
            version.ok_or_else(|| self.no_artifact(&artifact_id(key).into(), Vec::new()))?;
        if version.state == needed {
            Ok(version)
        } else {
            Err(Self::wrong_state(
                key,
                state_name(version.state),
                state_name(needed),
            ))
        }
    }

    /// Returns all that is known of a version, which must be there.
    pub(crate) fn existing_version(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<Version, StoreError> {
        let version = rows.version_record(key)?;
        version.ok_or_else(|| self.no_artifact(&artifact_id(key).into(), Vec::new()))
    }

    /// Returns what callers see of a version that was just committed.
    pub(crate) fn record_of(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<ArtifactRecord, StoreError> {
        let record = rows.committed_record(key)?;
        record.ok_or_else(|| self.no_artifact(&artifact_id(key).into(), Vec::new()))
    }

    pub(crate) fn existing_project(
        &self,
        rows: &dyn Snapshot,
        project: &ProjectAddress,
    ) -> Result<ProjectKey, StoreError> {
        rows.project(project)?.ok_or_else(|| {
            RegistryError::NoProject {
                project: project.clone(),
                location: self.location.clone(),
            }
            .into()
        })
    }

    pub(crate) fn existing_run(
        &self,
        rows: &dyn Snapshot,
        run: &RunAddress,
    ) -> Result<RunKey, StoreError> {
        let project = rows.project(&run.project)?;
        let found = match project {
            Some(project) => rows.run(project, &run.id)?,
            None => None,
        };
        found.ok_or_else(|| self.no_run(run))
    }

    pub(crate) fn no_run(&self, run: &RunAddress) -> StoreError {
        RegistryError::NoRun {
            run: run.clone(),
            location: self.location.clone(),
        }
        .into()
    }

    pub(crate) fn no_artifact(&self, lookup: &ArtifactLookup, similar: Vec<String>) -> StoreError {
        RegistryError::NoArtifact {
            lookup: lookup.to_string(),
            location: self.location.clone(),
            similar,
        }
        .into()
    }

    pub(crate) fn wrong_state(
        key: VersionKey,
        state: &'static str,
        needed: &'static str,
    ) -> StoreError {
        RegistryError::WrongState {
            id: artifact_id(key),
            state,
            needed,
        }
        .into()
    }
}

fn state_name(state: ArtifactState) -> &'static str {
    match state {
        ArtifactState::Pending => "pending",
        ArtifactState::Committed => "committed",
        ArtifactState::Deleted => "deleted",
        _ => "in an unknown state",
    }
}
