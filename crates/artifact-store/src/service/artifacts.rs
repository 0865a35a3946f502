//! Creating, changing and deleting versions on behalf of clients elsewhere.

use artifact_core::ports::{
    ArtifactId, CreateArtifact, CreateManifest, CreatedArtifact, ManifestId, ManifestReceipt,
    RunAddress, UploadGrant, UploadSpec,
};
use artifact_core::{ContentDigest, Metadata, Tag, Ttl};

use super::{Service, Version};
use crate::StoreError;

/// A version to create for a client elsewhere. Source: `CreateArtifactInput` of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateVersion {
    /// What every registry needs to know.
    pub artifact: CreateArtifact,
    /// The step of the run that logs it.
    pub history_step: Option<u64>,
    /// The client's own id of the version.
    pub client_id: Option<String>,
    /// The client's own id of the sequence.
    pub sequence_client_id: Option<String>,
    /// What the writers of one version have in common, where several write it.
    pub distributed_id: Option<String>,
    /// Whether a committed version of the same digest is the answer, instead of a new one.
    pub deduplicate: bool,
}

/// What to change of a committed version; what is `None` or empty stays. Source: `UpdateArtifactInput` of the wire
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
    /// a sign of its writer.
    ///
    /// # Errors
    /// As the registry port's method, and when the caller may not.
    pub fn create_version(&self, request: &CreateVersion) -> Result<CreatedArtifact, StoreError> {
        let _ = request;
        todo!()
    }

    /// Creates the manifest of a pending version or announces its bytes, as the registry port's method.
    ///
    /// # Errors
    /// As the registry port's method, and when the caller may not.
    pub fn create_manifest(&self, request: &CreateManifest) -> Result<ManifestReceipt, StoreError> {
        let _ = request;
        todo!()
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
        let _ = (manifest, digest);
        todo!()
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
        let _ = (artifact, manifest, files);
        todo!()
    }

    /// Commits a pending version: patches and increments are put together first. Committing it again changes nothing.
    ///
    /// # Errors
    /// As the registry port's method, and when the caller may not.
    pub fn commit_version(&self, id: &ArtifactId) -> Result<Version, StoreError> {
        let _ = id;
        todo!()
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
        let _ = (id, changes);
        todo!()
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
        let _ = (id, with_aliases);
        todo!()
    }

    /// Records that a run uses a version, of whatever entity or project.
    ///
    /// # Errors
    /// When either is not there, and when the caller may not.
    pub fn use_version(&self, run: &RunAddress, id: &ArtifactId) -> Result<Version, StoreError> {
        let _ = (run, id);
        todo!()
    }
}
