//! Conversion of the service's records to those of the registry ports.

use std::path::PathBuf;

use artifact_core::ports::{ArtifactRecord, RegistryError};
use artifact_core::records::{Collection, Run, RunAddress, Version};
use artifact_core::{ArtifactName, ContentKey, ProjectAddress, VersionIndex};

use super::{Membership, Service};
use crate::StoreError;
use crate::metadata::{CollectionKey, MetadataStoreExt as _, VersionKey};

/// Returns the version as a member of a collection, without aliases.
fn member_of(
    version: Version,
    project: ProjectAddress,
    name: ArtifactName,
    index: VersionIndex,
) -> ArtifactRecord {
    ArtifactRecord {
        id: version.id,
        project,
        name,
        version: index,
        artifact_type: version.artifact_type,
        digest: version.digest,
        algorithm: version.algorithm,
        description: version.description.filter(|text| !text.is_empty()),
        metadata: version.metadata,
        ttl: version.ttl,
        aliases: Vec::new(),
        tags: version.tags,
        size: version.size,
        file_count: version.file_count,
        created_at: version.created_at,
        updated_at: version.updated_at,
    }
}

impl Membership {
    /// Returns the version as the collection has it.
    pub(crate) fn into_record(self) -> ArtifactRecord {
        let Collection { project, name, .. } = self.collection;
        ArtifactRecord {
            aliases: self.aliases,
            ..member_of(self.version, project, name, self.index)
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
            ..member_of(version, project, name, index)
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
