//! A transfer between the use cases and the engine that counts calls and injects faults and streams.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifact_core::ContentKey;
use artifact_core::ports::{
    BlobTransfer, ByteStream, DownloadTicket, Fetched, IngestWriter, OnSent, TransferError,
    UploadBody, UploadTicket,
};
use async_trait::async_trait;
use bytes::Bytes;

use crate::script::Script;

type Hook = Arc<dyn Fn() -> Result<(), TransferError> + Send + Sync>;
type Chunks = Box<dyn Fn(Vec<u8>) -> Vec<Result<Bytes, TransferError>> + Send + Sync>;

/// Takes the place of a download.
#[async_trait]
pub(crate) trait DownloadHook: Send + Sync + 'static {
    async fn download(
        &self,
        inner: &dyn BlobTransfer,
        ticket: &DownloadTicket,
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError>;
}

/// Turns downloaded files into streams.
struct Streaming(Chunks);

#[async_trait]
impl DownloadHook for Streaming {
    async fn download(
        &self,
        inner: &dyn BlobTransfer,
        ticket: &DownloadTicket,
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError> {
        let Fetched::File(path) = inner.download(ticket, range.clone()).await? else {
            panic!("the engine gives files");
        };
        let content = std::fs::read(path).unwrap();
        let chunks = (self.0)(crate::faulty_streams::part(&content, range.as_ref()));
        let stream: ByteStream = Box::pin(futures::stream::iter(chunks));
        Ok(Fetched::Stream(stream))
    }
}

/// A transfer that counts calls and runs hooks.
pub(crate) struct InterceptedTransfer {
    inner: Arc<dyn BlobTransfer>,
    /// Runs whenever bytes are ingested.
    on_take: Hook,
    /// Runs before content is sent.
    on_upload: Hook,
    download: Option<Arc<dyn DownloadHook>>,
    /// Whether content is ingested before the registry is asked.
    takes_early: bool,
    script: Option<Arc<Script>>,
    taken_early: AtomicU64,
    uploads: AtomicU64,
}

impl fmt::Debug for InterceptedTransfer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Interposed(..)")
    }
}

impl InterceptedTransfer {
    pub(crate) fn new(inner: &Arc<dyn BlobTransfer>) -> Self {
        Self {
            inner: Arc::clone(inner),
            on_take: Arc::new(|| Ok(())),
            on_upload: Arc::new(|| Ok(())),
            download: None,
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

    /// Replaces downloaded files by streams.
    pub(crate) fn streaming(
        self,
        chunks: impl Fn(Vec<u8>) -> Vec<Result<Bytes, TransferError>> + Send + Sync + 'static,
    ) -> Self {
        self.downloading(Arc::new(Streaming(Box::new(chunks))))
    }

    /// Replaces downloads.
    pub(crate) fn downloading(mut self, hook: Arc<dyn DownloadHook>) -> Self {
        self.download = Some(hook);
        self
    }

    /// Ingests nothing early, like a remote registry.
    pub(crate) fn asking_first(mut self) -> Self {
        self.takes_early = false;
        self
    }

    /// Lets a script choose the course of uploads.
    pub(crate) fn scripted(mut self, script: &Arc<Script>) -> Self {
        self.script = Some(Arc::clone(script));
        self
    }

    pub(crate) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }

    /// Returns the number of ingested contents since the last call.
    pub(crate) fn taken_early(&self) -> u64 {
        self.taken_early.swap(0, Ordering::Relaxed)
    }

    /// Returns the number of uploads since the last call.
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
impl BlobTransfer for InterceptedTransfer {
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
        match &self.download {
            Some(hook) => hook.download(&*self.inner, ticket, range).await,
            None => self.inner.download(ticket, range).await,
        }
    }
}
