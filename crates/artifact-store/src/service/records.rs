//! What the service knows, as the ports' records tell it.

use std::path::PathBuf;

use artifact_core::ports::{ArtifactRecord, ArtifactState, RegistryError, RunAddress, RunDetails};
use artifact_core::{ArtifactName, ContentKey, ProjectAddress, VersionIndex};

use super::{Collection, Membership, Run, Service, Version};
use crate::StoreError;
use crate::metadata::{CollectionKey, MetadataStoreExt as _, VersionKey};

impl Run {
    /// Returns the run, and how it does.
    pub(crate) fn into_details(self) -> RunDetails {
        RunDetails {
            state: self.state,
            summary: self.summary.clone(),
            heartbeat_at: self.heartbeat_at,
            record: self.into_record(),
        }
    }
}

impl Version {
    /// Whether it is ready, and still there.
    pub(crate) fn is_committed(&self) -> bool {
        matches!(self.state, ArtifactState::Committed)
    }

    /// Returns the version as a member of a collection, without aliases.
    fn into_member(
        self,
        project: ProjectAddress,
        name: ArtifactName,
        version: VersionIndex,
    ) -> ArtifactRecord {
        ArtifactRecord {
            id: self.id,
            project,
            name,
            version,
            artifact_type: self.artifact_type,
            digest: self.digest,
            algorithm: self.algorithm,
            description: self.description.filter(|text| !text.is_empty()),
            metadata: self.metadata,
            ttl: self.ttl,
            aliases: Vec::new(),
            tags: self.tags,
            size: self.size,
            file_count: self.file_count,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Membership {
    /// Returns the version as the collection has it.
    pub(crate) fn into_record(self) -> ArtifactRecord {
        let Collection { project, name, .. } = self.collection;
        ArtifactRecord {
            aliases: self.aliases,
            ..self.version.into_member(project, name, self.index)
        }
    }
}

impl Service {
    /// Returns a version as a member of a collection.
    pub(crate) fn record_in(
        &self,
        version: Version,
        collection: &Collection,
        index: VersionIndex,
    ) -> Result<ArtifactRecord, StoreError> {
        let key = VersionKey(version.number);
        let aliases = |rows: &dyn crate::metadata::Snapshot| rows.aliases_of_version(key);
        let aliases = self.core.metadata.reading(aliases)?.into_iter();
        let own = aliases.filter(|(place, _)| place.0 == collection.number);
        let (project, name) = (collection.project.clone(), collection.name.clone());
        Ok(ArtifactRecord {
            aliases: own.map(|(_, alias)| alias).collect(),
            ..version.into_member(project, name, index)
        })
    }

    /// Returns a committed version as a member of the collection in which it was made.
    pub(crate) fn record_in_sequence(
        &self,
        version: Version,
    ) -> Result<ArtifactRecord, StoreError> {
        let sequence = version.sequence.clone();
        let index = version.index;
        let index = index.ok_or_else(|| StoreError::rejected("the artifact is not committed"))?;
        self.record_in(version, &sequence, index)
    }

    /// Finds a run that must be there.
    pub(crate) fn existing_run(&self, run: &RunAddress) -> Result<Run, StoreError> {
        let found = self.run(&run.project, &run.id)?;
        found.ok_or_else(|| self.core.no_run(run))
    }

    /// Fails where there is no such project, or none that the caller may see.
    pub(crate) fn must_have_project(&self, project: &ProjectAddress) -> Result<(), StoreError> {
        if self.project(project)?.is_some() {
            return Ok(());
        }
        Err(RegistryError::NoProject {
            project: project.clone(),
            location: self.core.location.clone(),
        }
        .into())
    }

    /// Finds a collection that must be there.
    pub(crate) fn existing_collection(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
    ) -> Result<Collection, StoreError> {
        self.must_have_project(project)?;
        let found = self.collection(project, name)?;
        found.ok_or_else(|| {
            RegistryError::NoCollection {
                project: project.clone(),
                name: name.clone(),
                location: self.core.location.clone(),
            }
            .into()
        })
    }

    /// Returns how many committed versions a collection has.
    pub(crate) fn member_count(&self, collection: &Collection) -> Result<u64, StoreError> {
        let key = CollectionKey(collection.number);
        self.core.metadata.reading(|rows| rows.member_count(key))
    }

    /// Returns the file with the content under `key`; `None` where the content is not in files.
    pub(crate) fn content_path(&self, key: &ContentKey) -> Result<Option<PathBuf>, StoreError> {
        if self.core.blobs.local().is_none() {
            return Ok(None);
        }
        let path = self.core.content_path(key)?;
        let gone = || StoreError::rejected(format!("the content {key} is gone"));
        path.ok_or_else(gone).map(Some)
    }
}
