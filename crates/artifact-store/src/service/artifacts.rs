//! Creating, changing and deleting versions on behalf of clients elsewhere.

use artifact_core::ports::{
    ArtifactChanges, CreateArtifact, CreateManifest, CreatedArtifact, ManifestId, ManifestReceipt,
    UploadGrant, UploadSpec,
};
use artifact_core::records::{ArtifactId, RunAddress, Version};
use artifact_core::{ContentDigest, Metadata, Tag, Ttl};

use super::{Caller, Service};
use crate::StoreError;
use crate::engine::{Creation, Origin};
use crate::ids::{artifact_id, manifest_id, manifest_key, version_key};
use crate::metadata::{MetadataStoreExt as _, VersionKey};

/// A version to create for a client elsewhere. Source: `CreateArtifactInput` of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateVersion {
    /// The fields that every registry needs.
    pub artifact: CreateArtifact,
    /// The step of the run that logs it.
    pub history_step: Option<u64>,
    /// The client's own id of the version.
    pub client_id: Option<String>,
    /// The client's own id of the sequence.
    pub sequence_client_id: Option<String>,
    /// Which committed version of the same digest is the answer, instead of a new one.
    pub deduplication: Deduplication,
}

/// Which committed version of the same digest is the answer to a request to create one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deduplication {
    /// None: there is always a new one.
    Off,
    /// The newest. An older one is found when the new one is committed: until its manifest is there nobody can tell
    /// whether the digest is that of all entries, or only of those that come on top of the newest version.
    Newest,
    /// One of any age: the caller means a version that is there, and sends no entries.
    Any,
}

/// Changes to a committed version; `None` or an empty list leaves a field as it is. Source: `UpdateArtifactInput` of the wire
/// protocol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UpdateVersion {
    /// The new description.
    pub description: Option<String>,
    /// The new metadata, in whole.
    pub metadata: Option<Metadata>,
    /// The new TTL.
    pub ttl: Option<Ttl>,
    /// Tags to add.
    pub tags_to_add: Vec<Tag>,
    /// Tags to take away.
    pub tags_to_delete: Vec<Tag>,
}

impl Service {
    /// Creates a pending version, or finds the committed one with the same digest: then the run of the request logs
    /// that one too. Pending versions of one `distributed_id` are one until it is committed.
    ///
    /// A pending version of a client elsewhere survives a restart of this process, and is given up after a day without
    /// a sign of its writer; one that several write after thirty.
    ///
    /// # Errors
    /// As the registry port's method, and when the caller may not.
    pub fn create_version(&self, request: &CreateVersion) -> Result<CreatedArtifact, StoreError> {
        let artifact = &request.artifact;
        self.core
            .metadata
            .reading(|rows| self.must_be_allowed(rows, &artifact.project.entity))?;
        self.core.create_version(&Creation {
            artifact,
            history_step: request.history_step,
            client_id: request.client_id.as_deref(),
            sequence_client_id: request.sequence_client_id.as_deref(),
            deduplication: request.deduplication,
            origin: Origin::Elsewhere(match &self.caller {
                Caller::Operator => None,
                Caller::Account(name) => Some(name),
            }),
        })
    }

    /// Creates the manifest of a pending version or announces its bytes, as the registry port's method.
    ///
    /// # Errors
    /// As the registry port's method, and when the caller may not.
    pub fn create_manifest(&self, request: &CreateManifest) -> Result<ManifestReceipt, StoreError> {
        self.version_to_write(&request.artifact)?;
        self.core.create_manifest(request)
    }

    /// Announces the bytes of a manifest that was created before. Source: `UpdateArtifactManifest` of the wire protocol.
    ///
    /// # Errors
    /// As the registry port's method for creating one.
    pub fn update_manifest(
        &self,
        manifest: &ManifestId,
        digest: ContentDigest,
    ) -> Result<ManifestReceipt, StoreError> {
        let key = manifest_key(manifest)?;
        let version = self
            .core
            .metadata
            .reading(|rows| Ok(self.core.open_manifest(rows, key)?.version))?;
        self.version_to_write(&artifact_id(version))?;
        self.core.update_manifest(None, key, digest)
    }

    /// Asks which files of a pending version must be sent, as the registry port's method; without `manifest`, to the
    /// one that the version has.
    ///
    /// # Errors
    /// As the registry port's method, and when the caller may not.
    pub fn request_uploads(
        &self,
        artifact: &ArtifactId,
        manifest: Option<&ManifestId>,
        files: &[UploadSpec],
    ) -> Result<Vec<UploadGrant>, StoreError> {
        let version = self.version_to_write(artifact)?;
        let manifest = match manifest {
            Some(manifest) => manifest.clone(),
            None => self.own_manifest(VersionKey(version.number))?,
        };
        self.core.request_uploads(artifact, &manifest, files)
    }

    /// Commits a pending version: patches and increments are put together first. Committing it again changes nothing.
    ///
    /// # Errors
    /// As the registry port's method, and when the caller may not.
    pub fn commit_version(&self, id: &ArtifactId) -> Result<Version, StoreError> {
        self.version_to_write(id)?;
        self.core.commit_version(version_key(id)?)?;
        self.version_to_write(id)
    }

    /// Changes a committed version.
    ///
    /// # Errors
    /// When there is none, and when the caller may not.
    pub fn update_version(
        &self,
        id: &ArtifactId,
        changes: &UpdateVersion,
    ) -> Result<Version, StoreError> {
        self.version_to_write(id)?;
        let changes = ArtifactChanges {
            description: changes.description.clone(),
            metadata: changes.metadata.clone(),
            ttl: changes.ttl,
            tags_to_add: changes.tags_to_add.clone(),
            tags_to_delete: changes.tags_to_delete.clone(),
            ..ArtifactChanges::default()
        };
        self.core.update_artifact(id, &changes)?;
        self.version_to_write(id)
    }

    /// Deletes a version with its links; refused where it has aliases, unless `with_aliases`. Its index is not given
    /// again.
    ///
    /// # Errors
    /// When there is none, when it has aliases, and when the caller may not.
    pub fn delete_version(
        &self,
        id: &ArtifactId,
        with_aliases: bool,
    ) -> Result<Version, StoreError> {
        let version = self.version_to_write(id)?;
        self.core
            .delete_version(VersionKey(version.number), with_aliases)?;
        self.version_to_write(id)
    }

    /// Records that a run uses a version, of whatever entity or project.
    ///
    /// # Errors
    /// When either is not there, and when the caller may not.
    pub fn use_version(&self, run: &RunAddress, id: &ArtifactId) -> Result<Version, StoreError> {
        let version = self.core.metadata.reading(|rows| {
            self.must_be_allowed(rows, &run.project.entity)?;
            self.version_to_use(rows, id)
        })?;
        self.core.use_artifact(run, id)?;
        Ok(version)
    }

    /// Returns a version, to a caller who may change it.
    ///
    /// # Errors
    /// When there is none, when the caller may not, and when the store fails.
    pub fn version_to_write(&self, id: &ArtifactId) -> Result<Version, StoreError> {
        self.core
            .metadata
            .reading(|rows| self.version_to_change(rows, id))
    }

    /// Returns the manifest of a version: of its shares the latest.
    fn own_manifest(&self, version: VersionKey) -> Result<ManifestId, StoreError> {
        let found = self.core.metadata.reading(|rows| {
            let full = rows.manifest_of(version)?;
            Ok(match full {
                Some(full) => Some(full),
                None => rows.partial_manifests(version)?.pop(),
            })
        })?;
        let found = found.map(|manifest| manifest_id(manifest.key));
        found.ok_or_else(|| StoreError::rejected("the artifact has no manifest yet"))
    }
}
