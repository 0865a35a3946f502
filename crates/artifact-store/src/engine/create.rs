//! Creating a version, or finding that it is there already.

use artifact_core::ports::{
    ArtifactState, CreateArtifact, CreatedArtifact, RegistryError, RunAddress, TypeConflict,
};

use super::Core;
use super::labels::label;
use crate::StoreError;
use crate::ids::artifact_id;
use crate::metadata::{
    CollectionKey, MetadataStoreExt as _, NewVersion, ProjectKey, RunKey, Transaction, VersionKey,
};

impl Core {
    /// Creates a pending version; where a committed one has the same digest, labels that one instead.
    pub(super) fn create_artifact(
        &self,
        request: &CreateArtifact,
    ) -> Result<CreatedArtifact, StoreError> {
        let allowed = request.artifact_type.check_name(&request.name);
        allowed.map_err(|error| StoreError::rejected(error.to_string()))?;
        // Before the version exists: from then on only this lock keeps recovery away from it.
        let session = self.session()?;
        let created = self.metadata.writing(|tx| self.create(tx, request))?;
        if let ArtifactState::Pending = created.1.state {
            session.note_used(created.0, []);
        }
        Ok(created.1)
    }

    fn create(
        &self,
        tx: &mut dyn Transaction,
        request: &CreateArtifact,
    ) -> Result<(VersionKey, CreatedArtifact), StoreError> {
        let now = self.now();
        let project = tx.ensure_project(&request.project, now)?;
        let run = self.creating_run(tx, project, request)?;
        let collection = self.ensure_collection(tx, project, request)?;
        let existing = tx.version_with_digest(collection, &request.digest, request.algorithm)?;
        let (key, state) = if let Some(existing) = existing {
            label(
                tx,
                collection,
                existing,
                &request.aliases,
                &request.tags,
                now,
            )?;
            (existing, ArtifactState::Committed)
        } else {
            let pending = tx.insert_version(&NewVersion {
                collection,
                run,
                digest: request.digest,
                algorithm: request.algorithm,
                description: request.description.as_deref(),
                metadata: &request.metadata,
                ttl: request.ttl,
                wanted_aliases: &request.aliases,
                tags: &request.tags,
                now,
            })?;
            (pending, ArtifactState::Pending)
        };
        let created = CreatedArtifact {
            id: artifact_id(key),
            state,
            latest: tx.newest_version(collection)?.map(artifact_id),
        };
        Ok((key, created))
    }

    fn creating_run(
        &self,
        tx: &mut dyn Transaction,
        project: ProjectKey,
        request: &CreateArtifact,
    ) -> Result<Option<RunKey>, StoreError> {
        let Some(id) = &request.run else {
            return Ok(None);
        };
        let found = tx.run(project, id)?;
        found.map(Some).ok_or_else(|| {
            let run = RunAddress {
                project: request.project.clone(),
                id: id.clone(),
            };
            self.no_run(&run)
        })
    }

    /// Finds the collection, or creates it; it has one type for good once it has a version.
    fn ensure_collection(
        &self,
        tx: &mut dyn Transaction,
        project: ProjectKey,
        request: &CreateArtifact,
    ) -> Result<CollectionKey, StoreError> {
        let wanted = &request.artifact_type;
        let Some(found) = tx.collection(project, &request.name)? else {
            return tx.insert_collection(project, &request.name, wanted, self.now());
        };
        if found.artifact_type != *wanted {
            // What was never finished leaves no trace, not even in the type.
            if found.is_used {
                let conflict = TypeConflict {
                    project: request.project.clone(),
                    name: request.name.clone(),
                    existing: found.artifact_type,
                    wanted: wanted.clone(),
                };
                return Err(RegistryError::TypeConflict(conflict.into()).into());
            }
            tx.set_type(found.key, wanted)?;
        }
        Ok(found.key)
    }
}
