//! Finding versions, and saying clearly what was not found.

use artifact_core::ports::{
    ArtifactId, ArtifactLookup, ArtifactRecord, ArtifactState, DownloadRequest, DownloadTicket,
    RegistryError, RunAddress,
};
use artifact_core::{ProjectAddress, QualifiedAddress, VersionSelector};

use super::Core;
use crate::StoreError;
use crate::ids::{artifact_id, version_key};
use crate::metadata::{
    MetadataStoreExt as _, ProjectKey, RunKey, Snapshot, StoredContent, VersionKey, VersionRow,
};
use crate::similar::similar;
use crate::tickets::download_ticket;

/// The most names that a suggestion is looked for in.
const SUGGESTIONS_FROM: u32 = 10_000;

impl Core {
    /// Finds a committed version.
    pub(super) fn artifact(&self, lookup: &ArtifactLookup) -> Result<ArtifactRecord, StoreError> {
        self.metadata.reading(|rows| {
            let key = match lookup {
                ArtifactLookup::Id(id) => version_key(id)?,
                ArtifactLookup::Address(address) => self.version_at_address(rows, address)?,
            };
            let record = rows.committed_record(key)?;
            record.ok_or_else(|| self.no_artifact(lookup, Vec::new()))
        })
    }

    /// Returns where the manifest file of a committed version is.
    pub(super) fn manifest(&self, id: &ArtifactId) -> Result<DownloadTicket, StoreError> {
        let key = version_key(id)?;
        self.metadata.reading(|rows| {
            self.committed_version(rows, key)?;
            let file = rows.manifest_of(key)?.and_then(|manifest| manifest.file);
            let file = file.ok_or_else(|| self.no_artifact(&id.clone().into(), Vec::new()))?;
            Ok(download_ticket(&file))
        })
    }

    /// Returns where the content of entries is.
    pub(super) fn downloads(
        &self,
        request: &DownloadRequest,
    ) -> Result<Vec<DownloadTicket>, StoreError> {
        let key = version_key(&request.artifact)?;
        self.metadata.reading(|rows| {
            self.committed_version(rows, key)?;
            let manifest = rows.manifest_of(key)?;
            let manifest = manifest
                .ok_or_else(|| self.no_artifact(&request.artifact.clone().into(), Vec::new()))?;
            let contents = rows.stored_contents(manifest.key, &request.paths)?;
            let tickets = request
                .paths
                .iter()
                .zip(contents)
                .map(|(path, content)| match content {
                    Some(StoredContent::Blob(key)) => Ok(download_ticket(&key)),
                    Some(StoredContent::Elsewhere) => Err(StoreError::rejected(format!(
                        "{path} is a reference: its content is not in {}",
                        self.location
                    ))),
                    None => Err(StoreError::rejected(format!(
                        "artifact {} has no entry {path}",
                        request.artifact
                    ))),
                });
            tickets.collect()
        })
    }

    fn version_at_address(
        &self,
        rows: &dyn Snapshot,
        address: &QualifiedAddress,
    ) -> Result<VersionKey, StoreError> {
        let not_found = |similar| self.no_artifact(&address.clone().into(), similar);
        let project = self.existing_project(rows, &address.project)?;
        let Some(collection) = rows.collection(project, &address.name)? else {
            return Err(self.no_collection(rows, project, address));
        };
        let found = match &address.selector {
            VersionSelector::Version(index) => rows.version_at(collection.key, *index)?,
            VersionSelector::Alias(alias) => rows.version_with_alias(collection.key, alias)?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
        let VersionSelector::Alias(alias) = &address.selector else {
            return Err(not_found(Vec::new()));
        };
        let aliases = rows.aliases(collection.key)?.into_iter().map(String::from);
        let near = similar(alias.as_str(), aliases).into_iter();
        Err(not_found(
            near.map(|alias| format!("{}:{alias}", address.name))
                .collect(),
        ))
    }

    /// Returns the error that a collection is not there, with those of its project that are named nearly so.
    pub(super) fn no_collection(
        &self,
        rows: &dyn Snapshot,
        project: ProjectKey,
        address: &QualifiedAddress,
    ) -> StoreError {
        let names = match rows.collections(project, None, SUGGESTIONS_FROM) {
            Ok(names) => names,
            Err(error) => return error,
        };
        let names = names.into_iter().map(|record| record.name.into());
        let near = similar(address.name.as_str(), names);
        self.no_artifact(&address.clone().into(), near)
    }

    /// Returns a version that must be committed.
    pub(super) fn committed_version(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<VersionRow, StoreError> {
        self.version_in(rows, key, ArtifactState::Committed)
    }

    /// Returns a version that must be pending.
    pub(super) fn pending_version(
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

    /// Returns what callers see of a version that was just committed.
    pub(super) fn record_of(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<ArtifactRecord, StoreError> {
        let record = rows.committed_record(key)?;
        record.ok_or_else(|| self.no_artifact(&artifact_id(key).into(), Vec::new()))
    }

    pub(super) fn existing_project(
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

    pub(super) fn existing_run(
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

    pub(super) fn no_run(&self, run: &RunAddress) -> StoreError {
        RegistryError::NoRun {
            run: run.clone(),
            location: self.location.clone(),
        }
        .into()
    }

    pub(super) fn no_artifact(&self, lookup: &ArtifactLookup, similar: Vec<String>) -> StoreError {
        RegistryError::NoArtifact {
            lookup: lookup.to_string(),
            location: self.location.clone(),
            similar,
        }
        .into()
    }

    pub(super) fn wrong_state(
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
