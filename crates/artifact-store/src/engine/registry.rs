//! The engine as an artifact registry.

use std::sync::Arc;

use artifact_core::ports::{
    ArtifactChanges, ArtifactLookup, ArtifactRecord, ArtifactRegistry, CollectionRecord,
    CreateArtifact, CreateManifest, CreatedArtifact, DownloadRequest, DownloadTicket, ManifestId,
    ManifestLocation, ManifestReceipt, Page, PageRequest, RegistryError, RunMessage, RunProgress,
    RunReply, UploadGrant, UploadSpec, UploadTicket,
};
use artifact_core::records::{ArtifactId, Run, RunAddress, RunChanges};
use artifact_core::{ArtifactName, ContentDigest, LogicalPath, ProjectAddress};
use async_trait::async_trait;

use super::{Core, Creation, Engine};
use crate::StoreError;
use crate::ids::{manifest_key, version_key};
use crate::service::Caller;

impl Engine {
    /// Runs `work` on a thread that may block.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Core>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let core = Arc::clone(&self.core);
        match tokio::task::spawn_blocking(move || work(&core)).await {
            Ok(result) => result,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(cancelled) => Err(StoreError::Database {
                    source: cancelled.into(),
                }),
            },
        }
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Arc<Core>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let result = self.blocking(work).await;
        result.map_err(|error| error.into_registry(operation, &self.core.location))
    }
}

#[async_trait]
impl ArtifactRegistry for Engine {
    fn location(&self) -> String {
        self.core.location.clone()
    }

    async fn upsert_run(
        &self,
        run: &RunAddress,
        changes: RunChanges,
    ) -> Result<Run, RegistryError> {
        let run = run.clone();
        self.call("creating a run", move |core| {
            core.upsert_run(&run, &changes)
        })
        .await
    }

    async fn stream_run(
        &self,
        run: &RunAddress,
        message: RunMessage,
    ) -> Result<RunReply, RegistryError> {
        let (run, service) = (run.clone(), self.service(Caller::Operator));
        self.call("writing what a run says", move |_| {
            let is_stop_wanted = service.stream_run(&run, &message.into())?;
            Ok(RunReply { is_stop_wanted })
        })
        .await
    }

    async fn run_progress(&self, run: &RunAddress) -> Result<Option<RunProgress>, RegistryError> {
        let (run, service) = (run.clone(), self.service(Caller::Operator));
        self.call("asking how far a run is", move |_| {
            service.run_progress(&run)
        })
        .await
    }

    async fn request_run_uploads(
        &self,
        run: &RunAddress,
        names: Vec<LogicalPath>,
    ) -> Result<Vec<Option<UploadTicket>>, RegistryError> {
        let (run, service) = (run.clone(), self.service(Caller::Operator));
        self.call("recording files of a run", move |_| {
            let tickets = service.request_run_uploads(&run, names)?;
            Ok(tickets.into_iter().map(Some).collect())
        })
        .await
    }

    async fn create_artifact(
        &self,
        request: CreateArtifact,
    ) -> Result<CreatedArtifact, RegistryError> {
        self.call("creating an artifact", move |core| {
            core.create_version(&Creation::here(&request))
        })
        .await
    }

    async fn create_manifest(
        &self,
        request: CreateManifest,
    ) -> Result<ManifestReceipt, RegistryError> {
        self.call("creating a manifest", move |core| {
            core.create_manifest(&request)
        })
        .await
    }

    async fn update_manifest(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        digest: ContentDigest,
    ) -> Result<ManifestReceipt, RegistryError> {
        let (version, manifest) = (version_key(artifact), manifest_key(manifest));
        self.call("announcing a manifest", move |core| {
            core.update_manifest(Some(version?), manifest?, digest)
        })
        .await
    }

    async fn request_uploads(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        files: Vec<UploadSpec>,
    ) -> Result<Vec<UploadGrant>, RegistryError> {
        let (artifact, manifest) = (artifact.clone(), manifest.clone());
        self.call("recording files", move |core| {
            core.request_uploads(&artifact, &manifest, &files)
        })
        .await
    }

    async fn commit_artifact(
        &self,
        artifact: &ArtifactId,
    ) -> Result<ArtifactRecord, RegistryError> {
        let artifact = artifact.clone();
        self.call("committing an artifact", move |core| {
            core.commit_artifact(&artifact)
        })
        .await
    }

    async fn artifact(&self, lookup: &ArtifactLookup) -> Result<ArtifactRecord, RegistryError> {
        let lookup = lookup.clone();
        self.call("looking up an artifact", move |core| core.artifact(&lookup))
            .await
    }

    async fn manifest(&self, artifact: &ArtifactId) -> Result<ManifestLocation, RegistryError> {
        let artifact = artifact.clone();
        self.call("looking up a manifest", move |core| {
            core.manifest(&artifact)
        })
        .await
    }

    async fn downloads(
        &self,
        request: &DownloadRequest,
    ) -> Result<Vec<DownloadTicket>, RegistryError> {
        let request = request.clone();
        self.call("looking up content", move |core| core.downloads(&request))
            .await
    }

    async fn use_artifact(
        &self,
        run: &RunAddress,
        artifact: &ArtifactId,
    ) -> Result<(), RegistryError> {
        let (run, artifact) = (run.clone(), artifact.clone());
        self.call("recording a use", move |core| {
            core.use_artifact(&run, &artifact)
        })
        .await
    }

    async fn update_artifact(
        &self,
        artifact: &ArtifactId,
        changes: ArtifactChanges,
    ) -> Result<ArtifactRecord, RegistryError> {
        let artifact = artifact.clone();
        self.call("changing an artifact", move |core| {
            core.update_artifact(&artifact, &changes)
        })
        .await
    }

    async fn projects(&self, page: PageRequest) -> Result<Page<ProjectAddress>, RegistryError> {
        self.call("listing projects", move |core| core.projects(&page))
            .await
    }

    async fn collections(
        &self,
        project: &ProjectAddress,
        page: PageRequest,
    ) -> Result<Page<CollectionRecord>, RegistryError> {
        let project = project.clone();
        self.call("listing collections", move |core| {
            core.collections(&project, &page)
        })
        .await
    }

    async fn versions(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        page: PageRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError> {
        let (project, name) = (project.clone(), name.clone());
        self.call("listing versions", move |core| {
            core.versions(&project, &name, &page)
        })
        .await
    }

    async fn logged_by(&self, artifact: &ArtifactId) -> Result<Option<Run>, RegistryError> {
        let artifact = artifact.clone();
        self.call("looking up a run", move |core| core.logged_by(&artifact))
            .await
    }

    async fn used_by(&self, artifact: &ArtifactId) -> Result<Vec<Run>, RegistryError> {
        let artifact = artifact.clone();
        self.call("looking up runs", move |core| core.used_by(&artifact))
            .await
    }
}
