//! What can be put between the flows and the engine: refusals, other answers, streams, and looks at what goes by.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use artifact_core::ports::{
    ArtifactChanges, ArtifactId, ArtifactLookup, ArtifactRecord, ArtifactRegistry, BlobTransfer,
    ByteStream, CollectionRecord, CreateArtifact, CreateManifest, CreatedArtifact, DownloadRequest,
    DownloadTicket, Fetched, IngestWriter, ManifestId, ManifestLocation, ManifestReceipt, OnSent,
    Page, PageRequest, RegistryError, RunAddress, RunMessage, RunProgress, RunRecord, RunReply,
    RunSpec, TransferError, UploadBody, UploadGrant, UploadNeeds, UploadSpec, UploadTicket,
};
use artifact_core::{
    ArtifactName, ArtifactType, ContentDigest, ContentKey, DigestAlgorithm, LogicalPath,
    ProjectAddress,
};
use async_trait::async_trait;
use bytes::Bytes;

use crate::script::{Call, Script};
pub(crate) use crate::step::Step;

/// A registry that refuses one step, will not know content by its key, gives too few tickets, or follows a script.
#[derive(Debug)]
pub(crate) struct Refusing {
    inner: Arc<dyn ArtifactRegistry>,
    refused: Option<Step>,
    ignores_keys: bool,
    forgets_a_download: bool,
    forgets_an_upload: bool,
    script: Option<Arc<Script>>,
    /// Numbers its download tickets by the request that they answer, and notes how many each asked for.
    requests: Option<Arc<Mutex<Vec<usize>>>>,
}

impl Refusing {
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

    /// Returns a registry that wants all content to be sent.
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

    /// Returns a registry that answers as a script says.
    pub(crate) fn scripted(script: &Arc<Script>, inner: &Arc<dyn ArtifactRegistry>) -> Self {
        Self {
            script: Some(Arc::clone(script)),
            ..Self::nothing(inner)
        }
    }

    /// Returns a registry whose download tickets are numbered, for a [`Wire`](crate::wire::Wire) to tell apart; `requests`
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
impl ArtifactRegistry for Refusing {
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

    async fn upsert_run(&self, run: RunSpec) -> Result<RunRecord, RegistryError> {
        self.inner.upsert_run(run).await
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

    async fn logged_by(&self, artifact: &ArtifactId) -> Result<Option<RunRecord>, RegistryError> {
        self.inner.logged_by(artifact).await
    }

    async fn used_by(&self, artifact: &ArtifactId) -> Result<Vec<RunRecord>, RegistryError> {
        self.inner.used_by(artifact).await
    }
}

type Hook = Arc<dyn Fn() -> Result<(), TransferError> + Send + Sync>;
type Chunks = Box<dyn Fn(Vec<u8>) -> Vec<Result<Bytes, TransferError>> + Send + Sync>;

/// A transfer that counts, that lets things happen while content is taken, and that can give streams.
pub(crate) struct Interposed {
    inner: Arc<dyn BlobTransfer>,
    /// Runs whenever bytes of a file are taken.
    on_take: Hook,
    /// Runs before content is sent.
    on_upload: Hook,
    /// What a downloaded file becomes.
    to_stream: Option<Chunks>,
    /// Whether content is taken before the registry is asked.
    takes_early: bool,
    script: Option<Arc<Script>>,
    taken_early: AtomicU64,
    uploads: AtomicU64,
}

impl fmt::Debug for Interposed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Interposed(..)")
    }
}

impl Interposed {
    pub(crate) fn new(inner: &Arc<dyn BlobTransfer>) -> Self {
        Self {
            inner: Arc::clone(inner),
            on_take: Arc::new(|| Ok(())),
            on_upload: Arc::new(|| Ok(())),
            to_stream: None,
            takes_early: true,
            script: None,
            taken_early: AtomicU64::new(0),
            uploads: AtomicU64::new(0),
        }
    }

    pub(crate) fn on_take(
        mut self,
        hook: impl Fn() -> Result<(), TransferError> + Send + Sync + 'static,
    ) -> Self {
        self.on_take = Arc::new(hook);
        self
    }

    pub(crate) fn on_upload(
        mut self,
        hook: impl Fn() -> Result<(), TransferError> + Send + Sync + 'static,
    ) -> Self {
        self.on_upload = Arc::new(hook);
        self
    }

    /// Gives streams in place of files.
    pub(crate) fn streaming(
        mut self,
        chunks: impl Fn(Vec<u8>) -> Vec<Result<Bytes, TransferError>> + Send + Sync + 'static,
    ) -> Self {
        self.to_stream = Some(Box::new(chunks));
        self
    }

    /// Takes nothing before the registry was asked, as a remote one would.
    pub(crate) fn asking_first(mut self) -> Self {
        self.takes_early = false;
        self
    }

    /// Lets uploads go as a script says.
    pub(crate) fn scripted(mut self, script: &Arc<Script>) -> Self {
        self.script = Some(Arc::clone(script));
        self
    }

    pub(crate) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }

    /// Returns how many contents were taken while they were hashed, since the last call.
    pub(crate) fn taken_early(&self) -> u64 {
        self.taken_early.swap(0, Ordering::Relaxed)
    }

    /// Returns how many contents were sent, since the last call.
    pub(crate) fn uploads(&self) -> u64 {
        self.uploads.swap(0, Ordering::Relaxed)
    }
}

/// Returns the error of a disk without space.
pub(crate) fn disk_full() -> TransferError {
    TransferError::Backend {
        place: "the disk".to_owned(),
        source: std::io::Error::from(std::io::ErrorKind::StorageFull).into(),
    }
}

struct Writer {
    inner: Box<dyn IngestWriter>,
    on_take: Hook,
}

impl IngestWriter for Writer {
    fn clone_of_source(&self) -> Option<&File> {
        self.inner.clone_of_source()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        (self.on_take)()?;
        self.inner.write(bytes)
    }

    fn finish(self: Box<Self>) -> Result<ContentKey, TransferError> {
        self.inner.finish()
    }
}

#[async_trait]
impl BlobTransfer for Interposed {
    fn ingest(&self, source: &File) -> Result<Option<Box<dyn IngestWriter>>, TransferError> {
        self.taken_early.fetch_add(1, Ordering::Relaxed);
        if !self.takes_early {
            return Ok(None);
        }
        let writer = self.inner.ingest(source)?;
        Ok(writer.map(|inner| {
            let on_take = Arc::clone(&self.on_take);
            Box::new(Writer { inner, on_take }) as Box<dyn IngestWriter>
        }))
    }

    fn ingest_bytes(&self, bytes: &[u8]) -> Result<Option<ContentKey>, TransferError> {
        self.taken_early.fetch_add(1, Ordering::Relaxed);
        if !self.takes_early {
            return Ok(None);
        }
        (self.on_take)()?;
        self.inner.ingest_bytes(bytes)
    }

    async fn upload(
        &self,
        ticket: &UploadTicket,
        body: UploadBody<'_>,
        on_sent: OnSent<'_>,
    ) -> Result<(), TransferError> {
        self.uploads.fetch_add(1, Ordering::Relaxed);
        (self.on_upload)()?;
        let upload = self.inner.upload(ticket, body, on_sent);
        match &self.script {
            Some(script) => script.send(ticket, body, on_sent, upload).await,
            None => upload.await,
        }
    }

    async fn download(
        &self,
        ticket: &DownloadTicket,
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError> {
        let fetched = self.inner.download(ticket, range.clone()).await?;
        match (&self.to_stream, fetched) {
            (Some(chunks), Fetched::File(path)) => {
                let content = std::fs::read(path).unwrap();
                let chunks = chunks(crate::wire::part(&content, range.as_ref()));
                let stream: ByteStream = Box::pin(futures::stream::iter(chunks));
                Ok(Fetched::Stream(stream))
            }
            (_, fetched) => Ok(fetched),
        }
    }
}
