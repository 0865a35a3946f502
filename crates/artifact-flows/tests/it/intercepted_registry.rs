//! A registry between the use cases and the engine that refuses steps, alters answers, or follows a script.

use std::sync::{Arc, Mutex};

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

use crate::script::{Call, Script};

/// A step of the save flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Create,
    CreateManifest,
    RequestUploads,
    AnnounceManifest,
    Commit,
    /// The commit succeeds, but its answer is lost.
    AnswerOfCommit,
}

impl Step {
    pub(crate) const ALL: [Self; 6] = [
        Self::Create,
        Self::CreateManifest,
        Self::RequestUploads,
        Self::AnnounceManifest,
        Self::Commit,
        Self::AnswerOfCommit,
    ];
}

/// A registry that refuses one step, ignores content keys, returns too few tickets, or follows a script.
#[derive(Debug)]
pub(crate) struct InterceptedRegistry {
    inner: Arc<dyn ArtifactRegistry>,
    refused: Option<Step>,
    ignores_keys: bool,
    forgets_a_download: bool,
    forgets_an_upload: bool,
    script: Option<Arc<Script>>,
    /// Numbers download tickets by request, and records the size of each request.
    requests: Option<Arc<Mutex<Vec<usize>>>>,
}

impl InterceptedRegistry {
    fn nothing(inner: &Arc<dyn ArtifactRegistry>) -> Self {
        Self {
            inner: Arc::clone(inner),
            refused: None,
            ignores_keys: false,
            forgets_a_download: false,
            forgets_an_upload: false,
            script: None,
            requests: None,
        }
    }

    pub(crate) fn at(step: Step, inner: &Arc<dyn ArtifactRegistry>) -> Self {
        Self {
            refused: Some(step),
            ..Self::nothing(inner)
        }
    }

    /// Returns a registry that requires every upload.
    pub(crate) fn every_key(inner: &Arc<dyn ArtifactRegistry>) -> Self {
        Self {
            ignores_keys: true,
            ..Self::nothing(inner)
        }
    }

    /// Returns a registry that gives one download ticket too few.
    pub(crate) fn one_download(inner: &Arc<dyn ArtifactRegistry>) -> Self {
        Self {
            forgets_a_download: true,
            ..Self::nothing(inner)
        }
    }

    /// Returns a registry that gives one upload grant too few.
    pub(crate) fn one_upload(inner: &Arc<dyn ArtifactRegistry>) -> Self {
        Self {
            forgets_an_upload: true,
            ..Self::nothing(inner)
        }
    }

    /// Returns a registry that follows a script.
    pub(crate) fn scripted(script: &Arc<Script>, inner: &Arc<dyn ArtifactRegistry>) -> Self {
        Self {
            script: Some(Arc::clone(script)),
            ..Self::nothing(inner)
        }
    }

    /// Returns a registry whose download tickets are numbered, for a [`FaultyStreams`](crate::faulty_streams::FaultyStreams) to tell apart; `requests`
    /// gets how many each request asked for.
    pub(crate) fn numbering(
        inner: &Arc<dyn ArtifactRegistry>,
        requests: &Arc<Mutex<Vec<usize>>>,
    ) -> Self {
        Self {
            requests: Some(Arc::clone(requests)),
            ..Self::nothing(inner)
        }
    }

    async fn play<T>(
        &self,
        call: impl FnOnce() -> Call,
        answer: impl Future<Output = Result<T, RegistryError>> + Send,
    ) -> Result<T, RegistryError> {
        match &self.script {
            Some(script) => script.answer(call(), answer).await,
            None => answer.await,
        }
    }

    fn pass(&self, step: Step) -> Result<(), RegistryError> {
        if self.refused != Some(step) {
            return Ok(());
        }
        Err(RegistryError::Rejected {
            what: format!("{step:?} was refused"),
        })
    }
}

#[async_trait]
impl ArtifactRegistry for InterceptedRegistry {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn upload_needs(&self, size: u64) -> UploadNeeds {
        match &self.script {
            Some(script) => script.needs(size),
            None => self.inner.upload_needs(size),
        }
    }

    async fn digest_algorithm(
        &self,
        project: &ProjectAddress,
        artifact_type: &ArtifactType,
        name: &ArtifactName,
        wanted: DigestAlgorithm,
    ) -> Result<DigestAlgorithm, RegistryError> {
        let wanted = match &self.script {
            Some(script) => script.algorithm(wanted),
            None => wanted,
        };
        let inner = &self.inner;
        inner
            .digest_algorithm(project, artifact_type, name, wanted)
            .await
    }

    async fn upsert_run(
        &self,
        run: &RunAddress,
        changes: RunChanges,
    ) -> Result<Run, RegistryError> {
        self.inner.upsert_run(run, changes).await
    }

    async fn stream_run(
        &self,
        run: &RunAddress,
        message: RunMessage,
    ) -> Result<RunReply, RegistryError> {
        self.inner.stream_run(run, message).await
    }

    async fn run_progress(&self, run: &RunAddress) -> Result<Option<RunProgress>, RegistryError> {
        self.inner.run_progress(run).await
    }

    async fn request_run_uploads(
        &self,
        run: &RunAddress,
        names: Vec<LogicalPath>,
    ) -> Result<Vec<Option<UploadTicket>>, RegistryError> {
        self.inner.request_run_uploads(run, names).await
    }

    async fn create_artifact(
        &self,
        request: CreateArtifact,
    ) -> Result<CreatedArtifact, RegistryError> {
        self.pass(Step::Create)?;
        let answer = self.inner.create_artifact(request);
        self.play(|| Call::Create, answer).await
    }

    async fn create_manifest(
        &self,
        request: CreateManifest,
    ) -> Result<ManifestReceipt, RegistryError> {
        let (step, call) = match request.upload {
            None => (Step::CreateManifest, Call::CreateManifest),
            Some(_) => (Step::AnnounceManifest, Call::Announce),
        };
        self.pass(step)?;
        self.play(|| call, self.inner.create_manifest(request))
            .await
    }

    async fn update_manifest(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        digest: ContentDigest,
    ) -> Result<ManifestReceipt, RegistryError> {
        self.pass(Step::AnnounceManifest)?;
        let answer = self.inner.update_manifest(artifact, manifest, digest);
        self.play(|| Call::Announce, answer).await
    }

    async fn request_uploads(
        &self,
        artifact: &ArtifactId,
        manifest: &ManifestId,
        mut files: Vec<UploadSpec>,
    ) -> Result<Vec<UploadGrant>, RegistryError> {
        self.pass(Step::RequestUploads)?;
        if self.ignores_keys {
            for file in &mut files {
                file.stored_as = None;
            }
        }
        let asked = files.clone();
        let answer = self.inner.request_uploads(artifact, manifest, files);
        let mut grants = self.play(|| Call::Ask(asked), answer).await?;
        if self.forgets_an_upload {
            grants.pop();
        }
        Ok(grants)
    }

    async fn commit_artifact(
        &self,
        artifact: &ArtifactId,
    ) -> Result<ArtifactRecord, RegistryError> {
        self.pass(Step::Commit)?;
        let answer = self.inner.commit_artifact(artifact);
        let record = self.play(|| Call::Commit, answer).await?;
        self.pass(Step::AnswerOfCommit)?;
        Ok(record)
    }

    async fn artifact(&self, lookup: &ArtifactLookup) -> Result<ArtifactRecord, RegistryError> {
        self.inner.artifact(lookup).await
    }

    async fn manifest(&self, artifact: &ArtifactId) -> Result<ManifestLocation, RegistryError> {
        self.inner.manifest(artifact).await
    }

    async fn downloads(
        &self,
        request: &DownloadRequest,
    ) -> Result<Vec<DownloadTicket>, RegistryError> {
        let mut tickets = self.inner.downloads(request).await?;
        if self.forgets_a_download {
            tickets.pop();
        }
        if let Some(requests) = &self.requests {
            let mut requests = requests.lock().unwrap();
            for ticket in &mut tickets {
                ticket.locator = format!("{}|{}", requests.len(), ticket.locator);
            }
            requests.push(tickets.len());
        }
        Ok(tickets)
    }

    async fn use_artifact(
        &self,
        run: &RunAddress,
        artifact: &ArtifactId,
    ) -> Result<(), RegistryError> {
        self.inner.use_artifact(run, artifact).await
    }

    async fn update_artifact(
        &self,
        artifact: &ArtifactId,
        changes: ArtifactChanges,
    ) -> Result<ArtifactRecord, RegistryError> {
        self.inner.update_artifact(artifact, changes).await
    }

    async fn projects(&self, page: PageRequest) -> Result<Page<ProjectAddress>, RegistryError> {
        self.inner.projects(page).await
    }

    async fn collections(
        &self,
        project: &ProjectAddress,
        page: PageRequest,
    ) -> Result<Page<CollectionRecord>, RegistryError> {
        self.inner.collections(project, page).await
    }

    async fn versions(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        page: PageRequest,
    ) -> Result<Page<ArtifactRecord>, RegistryError> {
        self.inner.versions(project, name, page).await
    }

    async fn logged_by(&self, artifact: &ArtifactId) -> Result<Option<Run>, RegistryError> {
        self.inner.logged_by(artifact).await
    }

    async fn used_by(&self, artifact: &ArtifactId) -> Result<Vec<Run>, RegistryError> {
        self.inner.used_by(artifact).await
    }
}
