//! The registry port, over GraphQL.

mod create;
mod file_stream;
pub(crate) mod files;
mod list;
mod lookup;
pub(crate) mod organizations;
pub(crate) mod quota;
mod runs;
mod update;

pub(crate) use list::{limit, next};
pub(crate) use lookup::{explain, null_if_not_found, of, with_features};
pub(crate) use update::aliases as change_aliases;

use artifact_core::ports::{
    ArtifactChanges, ArtifactLookup, ArtifactRecord, ArtifactRegistry, CollectionRecord,
    CreateArtifact, CreateManifest, CreatedArtifact, DownloadRequest, DownloadTicket, ManifestId,
    ManifestLocation, ManifestReceipt, Page, PageRequest, RegistryError, RunMessage, RunProgress,
    RunReply, UploadGrant, UploadNeeds, UploadSpec, UploadTicket,
};
use artifact_core::records::{ArtifactId, Run, RunAddress, RunChanges};
use artifact_core::{
    ArtifactName, ArtifactType, ContentDigest, DigestAlgorithm, LogicalPath, ProjectAddress,
};
use async_trait::async_trait;

use crate::Wandb;

#[async_trait]
impl ArtifactRegistry for Wandb {
    fn location(&self) -> String {
        self.location.to_string()
    }

    fn upload_needs(&self, size: u64) -> UploadNeeds {
        files::needs(size)
    }

    async fn digest_algorithm(
        &self,
        project: &ProjectAddress,
        artifact_type: &ArtifactType,
        name: &ArtifactName,
        wanted: DigestAlgorithm,
    ) -> Result<DigestAlgorithm, RegistryError> {
        create::algorithm(self, project, artifact_type, name, wanted).await
    }

    async fn upsert_run(
        &self,
        run: &RunAddress,
        changes: RunChanges,
    ) -> Result<Run, RegistryError> {
        runs::upsert(self, run, changes).await
    }

    async fn stream_run(
        &self,
        run: &RunAddress,
        message: RunMessage,
    ) -> Result<RunReply, RegistryError> {
        runs::stream(self, run, message).await
    }

    async fn run_progress(&self, run: &RunAddress) -> Result<Option<RunProgress>, RegistryError> {
        runs::progress(self, run).await
    }

    async fn request_run_uploads(
        &self,
        run: &RunAddress,
        names: Vec<LogicalPath>,
    ) -> Result<Vec<Option<UploadTicket>>, RegistryError> {
        runs::uploads(self, run, names).await
    }

    async fn create_artifact(
        &self,
        request: CreateArtifact,
    ) -> Result<CreatedArtifact, RegistryError> {
        create::artifact(self, request).await
    }

    async fn create_manifest(
        &self,
        request: CreateManifest,
    ) -> Result<ManifestReceipt, RegistryError> {
        create::manifest(self, request).await
    }

    async fn update_manifest(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        digest: ContentDigest,
    ) -> Result<ManifestReceipt, RegistryError> {
        create::update_manifest_digest(self, artifact, manifest, digest).await
    }

    async fn request_uploads(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        specs: Vec<UploadSpec>,
    ) -> Result<Vec<UploadGrant>, RegistryError> {
        files::uploads(self, artifact, manifest, specs).await
    }

    async fn commit_artifact(
        &self,
        artifact: &ArtifactId,
    ) -> Result<ArtifactRecord, RegistryError> {
        create::commit(self, artifact).await
    }

    async fn artifact(&self, lookup: &ArtifactLookup) -> Result<ArtifactRecord, RegistryError> {
        lookup::artifact(self, lookup).await
    }

    async fn artifacts(
        &self,
        lookups: &[ArtifactLookup],
    ) -> Vec<Result<ArtifactRecord, RegistryError>> {
        lookup::artifacts(self, lookups).await
    }

    async fn manifests(
        &self,
        artifacts: &[ArtifactId],
    ) -> Vec<Result<ManifestLocation, RegistryError>> {
        lookup::manifests(self, artifacts).await
    }

    async fn manifest(&self, artifact: &ArtifactId) -> Result<ManifestLocation, RegistryError> {
        lookup::manifest(self, artifact).await
    }

    async fn downloads(
        &self,
        request: &DownloadRequest,
    ) -> Result<Vec<DownloadTicket>, RegistryError> {
        files::downloads(self, request).await
    }

    async fn downloads_of_each(
        &self,
        requests: &[DownloadRequest],
    ) -> Vec<Result<Vec<DownloadTicket>, RegistryError>> {
        files::downloads_of_each(self, requests).await
    }

    async fn use_artifact(
        &self,
        run: &RunAddress,
        artifact: &ArtifactId,
    ) -> Result<(), RegistryError> {
        runs::use_artifact(self, run, artifact).await
    }

    async fn update_artifact(
        &self,
        artifact: &ArtifactId,
        changes: ArtifactChanges,
    ) -> Result<ArtifactRecord, RegistryError> {
        update::artifact(self, artifact, changes).await
    }

    async fn projects(&self, page: PageRequest) -> Result<Page<ProjectAddress>, RegistryError> {
        list::projects(self, page).await
    }

    async fn collections(
        &self,
        project: &ProjectAddress,
        page: PageRequest,
    ) -> Result<Page<CollectionRecord>, RegistryError> {
        list::collections(self, project, page).await
    }

    async fn versions(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        page: PageRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError> {
        list::versions(self, project, name, page).await
    }

    async fn logged_by(&self, artifact: &ArtifactId) -> Result<Option<Run>, RegistryError> {
        runs::logged_by(self, artifact).await
    }

    async fn used_by(&self, artifact: &ArtifactId) -> Result<Vec<Run>, RegistryError> {
        runs::used_by(self, artifact).await
    }
}
