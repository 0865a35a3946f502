//! The port to a registry of artifacts: a W&B server or the embedded store.

use std::fmt;

use async_trait::async_trait;

use super::registry_types::{
    ArtifactChanges, ArtifactLookup, ArtifactRecord, CollectionRecord, CreateArtifact,
    CreateManifest, CreatedArtifact, DownloadRequest, ManifestId, ManifestLocation,
    ManifestReceipt, Page, PageRequest, UploadGrant, UploadNeeds, UploadSpec,
};
use super::run_stream::{RunMessage, RunProgress, RunReply};
use super::transfer::{BoxError, DownloadTicket, UploadTicket};
use crate::records::{ArtifactId, Run, RunAddress, RunChanges};
use crate::{
    ArtifactName, ArtifactType, ContentDigest, DigestAlgorithm, EntityName, LogicalPath,
    ProjectAddress,
};

/// A registry of runs, artifacts, collections and lineage: a W&B server or the embedded store.
///
/// The methods are the protocol's operations, so a flow written over this port runs unchanged against the embedded
/// engine and against a W&B server.
///
/// # Contract
/// * A version is seen by `artifact`, `versions` and `collections` once `commit_artifact` has returned, and not before.
/// * Versions of a collection are numbered 0, 1, 2, … in the order of their commits, without gaps.
/// * `create_artifact` and `commit_artifact` with the digest of a committed version of the collection give that
///   version, and move the wanted aliases and `latest` to it; no second one is made. An id that was given out for a
///   pending one means the committed one from then on.
/// * `request_uploads` answers in the order of the request, one grant per file.
/// * `commit_artifact` fails, and commits nothing, when content of an entry is missing. Of a version that is committed
///   it changes nothing: whoever did not hear the answer may ask again.
/// * `create_artifact` with a distributed id gives all its writers one pending version until it is committed, and after
///   that a new one. Every call for a patch makes another share of it. `commit_artifact` makes one version of the shares
///   whose manifest files are there, whatever their order; the others count for nothing.
/// * Of the shares of one run the latest counts at each path. Where another run's has other content, the manifest file is
///   refused, with the path and both runs.
/// * An incremental version is the newest one at its commit, with the entries of its own on top.
/// * `stream_run` writes lines where their offset says, so a message sent again changes nothing. What a run says before
///   it ends is counted by `run_progress`, and a message that comes late does not make it run again.
// Above `async_trait`, so that expectations return plain values.
#[cfg_attr(feature = "test-util", mockall::automock)]
#[async_trait]
pub trait ArtifactRegistry: fmt::Debug + Send + Sync + 'static {
    /// Returns the location of this registry, for people: a folder or a URL.
    fn location(&self) -> String;

    /// Returns the further digests of a file of `size` bytes that [`request_uploads`](Self::request_uploads) needs.
    fn upload_needs(&self, size: u64) -> UploadNeeds {
        _ = size;
        UploadNeeds::default()
    }

    /// Returns the hash function that a new version of a collection can have, given the one that is wanted.
    async fn digest_algorithm(
        &self,
        project: &ProjectAddress,
        artifact_type: &ArtifactType,
        name: &ArtifactName,
        wanted: DigestAlgorithm,
    ) -> Result<DigestAlgorithm, RegistryError> {
        _ = (project, artifact_type, name);
        Ok(wanted)
    }

    /// Creates the run, or updates an existing one. Either way its state is running from then on, unless `changes` sets one.
    async fn upsert_run(&self, run: &RunAddress, changes: RunChanges)
    -> Result<Run, RegistryError>;

    /// Stores a message of a run, including that it has ended. Any message counts as a heartbeat.
    async fn stream_run(
        &self,
        run: &RunAddress,
        message: RunMessage,
    ) -> Result<RunReply, RegistryError>;

    /// Returns the progress of a run; `None` if it does not exist, or was never started by a client.
    async fn run_progress(&self, run: &RunAddress) -> Result<Option<RunProgress>, RegistryError>;

    /// Requests tickets for uploading files of a run, in the order of the request; `None` for a file that need not be sent.
    ///
    /// Once sent, they are announced with [`RunMessage::uploaded`].
    async fn request_run_uploads(
        &self,
        run: &RunAddress,
        names: Vec<LogicalPath>,
    ) -> Result<Vec<Option<UploadTicket>>, RegistryError>;

    /// Creates a pending version, or finds the committed one with the same digest.
    async fn create_artifact(
        &self,
        request: CreateArtifact,
    ) -> Result<CreatedArtifact, RegistryError>;

    /// Creates the manifest of a pending version, or announces its bytes.
    async fn create_manifest(
        &self,
        request: CreateManifest,
    ) -> Result<ManifestReceipt, RegistryError>;

    /// Announces the bytes of a manifest that was created before and is not full, by the MD5 of its file.
    async fn update_manifest(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        digest: ContentDigest,
    ) -> Result<ManifestReceipt, RegistryError>;

    /// Requests tickets for the files of a pending version that the registry does not have.
    async fn request_uploads(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        files: Vec<UploadSpec>,
    ) -> Result<Vec<UploadGrant>, RegistryError>;

    /// Makes a pending version visible and unchangeable.
    async fn commit_artifact(&self, artifact: &ArtifactId)
    -> Result<ArtifactRecord, RegistryError>;

    /// Finds a committed version.
    async fn artifact(&self, lookup: &ArtifactLookup) -> Result<ArtifactRecord, RegistryError>;

    /// Finds committed versions; each result is that of [`artifact`](Self::artifact) for the lookup at the same index.
    ///
    /// A remote registry sends fewer requests than there are lookups.
    async fn artifacts(
        &self,
        lookups: &[ArtifactLookup],
    ) -> Vec<Result<ArtifactRecord, RegistryError>> {
        let mut found = Vec::with_capacity(lookups.len());
        for lookup in lookups {
            found.push(self.artifact(lookup).await);
        }
        found
    }

    /// Returns the location of the manifest file of a committed version.
    async fn manifest(&self, artifact: &ArtifactId) -> Result<ManifestLocation, RegistryError>;

    /// Returns the locations of the manifest files of committed versions, in the order of the request.
    ///
    /// A remote registry sends fewer requests than there are versions.
    async fn manifests(
        &self,
        artifacts: &[ArtifactId],
    ) -> Vec<Result<ManifestLocation, RegistryError>> {
        let mut found = Vec::with_capacity(artifacts.len());
        for artifact in artifacts {
            found.push(self.manifest(artifact).await);
        }
        found
    }

    /// Returns download tickets for the content of entries, in the order of the request.
    async fn downloads(
        &self,
        request: &DownloadRequest,
    ) -> Result<Vec<DownloadTicket>, RegistryError>;

    /// Returns download tickets for entries of several versions; each result is that of
    /// [`downloads`](Self::downloads) for the request at the same index.
    ///
    /// A remote registry sends fewer HTTP requests than there are `requests`.
    async fn downloads_of_each(
        &self,
        requests: &[DownloadRequest],
    ) -> Vec<Result<Vec<DownloadTicket>, RegistryError>> {
        let mut found = Vec::with_capacity(requests.len());
        for request in requests {
            found.push(self.downloads(request).await);
        }
        found
    }

    /// Records that a run uses a version.
    async fn use_artifact(
        &self,
        run: &RunAddress,
        artifact: &ArtifactId,
    ) -> Result<(), RegistryError>;

    /// Changes the mutable fields of a committed version.
    async fn update_artifact(
        &self,
        artifact: &ArtifactId,
        changes: ArtifactChanges,
    ) -> Result<ArtifactRecord, RegistryError>;

    /// Lists projects, sorted by entity and name.
    async fn projects(&self, page: PageRequest) -> Result<Page<ProjectAddress>, RegistryError>;

    /// Lists the collections of a project that have a committed version, sorted by name.
    async fn collections(
        &self,
        project: &ProjectAddress,
        page: PageRequest,
    ) -> Result<Page<CollectionRecord>, RegistryError>;

    /// Lists the committed versions of a collection, newest first.
    async fn versions(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        page: PageRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError>;

    /// Returns the run that logged a version, if one did.
    async fn logged_by(&self, artifact: &ArtifactId) -> Result<Option<Run>, RegistryError>;

    /// Returns the runs that use a version, in the order in which they began to.
    async fn used_by(&self, artifact: &ArtifactId) -> Result<Vec<Run>, RegistryError>;
}

const _: fn(&dyn ArtifactRegistry) = |_| ();

/// The error of a request to a registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// There is no such project.
    #[error("there is no project {project} in {location}")]
    NoProject {
        /// The project.
        project: ProjectAddress,
        /// The registry.
        location: String,
    },
    /// There is no such version.
    #[error("there is no artifact {lookup} in {location}")]
    NoArtifact {
        /// The version that was looked up.
        lookup: String,
        /// The registry.
        location: String,
        /// Similar names, the most similar first.
        similar: Vec<String>,
    },
    /// There is no such collection.
    #[error("there is no collection {project}/{name} in {location}")]
    NoCollection {
        /// The project.
        project: ProjectAddress,
        /// The collection.
        name: ArtifactName,
        /// The registry.
        location: String,
    },
    /// There is no such run.
    #[error("there is no run {run} in {location}")]
    NoRun {
        /// The run.
        run: RunAddress,
        /// The registry.
        location: String,
    },
    /// The caller may not see or change it.
    #[error("permission denied: {entity} belongs to another account")]
    Forbidden {
        /// The entity that it belongs to.
        entity: EntityName,
    },
    /// The registry rejects the credentials.
    #[error("{location} does not accept the credentials: {what}")]
    Unauthorized {
        /// The registry.
        location: String,
        /// Its message.
        what: String,
    },
    /// The client is offline, so no request was sent.
    #[error("this client is offline: no request was sent to {location}")]
    Offline {
        /// The registry.
        location: String,
    },
    /// The collection has another type.
    #[error(transparent)]
    TypeConflict(Box<TypeConflict>),
    /// The version is not in the state that the call needs.
    #[error("artifact {id} is {state}, not {needed}")]
    WrongState {
        /// The version.
        id: ArtifactId,
        /// The state it is in.
        state: &'static str,
        /// The state that the call needs.
        needed: &'static str,
    },
    /// Content of an entry was never stored.
    #[error("the content of {path} was never stored")]
    MissingContent {
        /// The entry's path.
        path: String,
    },
    /// The request breaks a rule of the protocol.
    #[error("{what}")]
    Rejected {
        /// The rule, and the value that breaks it.
        what: String,
    },
    /// The registry's store failed.
    #[error("{operation} in {location} failed")]
    Backend {
        /// The operation.
        operation: &'static str,
        /// The registry.
        location: String,
        /// The error of the driver.
        source: BoxError,
    },
}

/// A collection has another type than a version that was to join it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} already exists in {project} with type `{existing}`, so it cannot also have type `{wanted}`"
)]
pub struct TypeConflict {
    /// The project.
    pub project: ProjectAddress,
    /// The collection.
    pub name: ArtifactName,
    /// The type it has.
    pub existing: ArtifactType,
    /// The type that was asked for.
    pub wanted: ArtifactType,
}
