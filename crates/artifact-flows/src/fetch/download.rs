//! A single download: an entry, its content's location, and its outcome.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use artifact_core::ports::{
    ArtifactRecord, DownloadSpec, DownloadTicket, ReferenceObject, TransferError,
};
use artifact_core::{ContentDigest, LogicalPath};
use manifest::ManifestEntry;
use tokio::sync::OwnedSemaphorePermit;

use crate::{FlowError, Progress};

/// An entry being downloaded.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    pub(crate) path: LogicalPath,
    /// Digest of the content, if known.
    pub(crate) digest: Option<ContentDigest>,
    pub(crate) size: Option<u64>,
    pub(crate) origin: Origin,
    pub(crate) progress: Arc<ProgressCounter>,
    /// Whether the cache may serve it.
    pub(crate) may_use_cache: bool,
    /// Whether a first attempt delivered wrong content.
    pub(crate) is_retry: bool,
}

/// Location of an entry's content.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Stored(StoredContent),
    Reference(Arc<ReferenceObject>),
}

/// Content stored by the registry. All ranges of a file share its newest ticket.
#[derive(Debug, Clone)]
pub(crate) struct StoredContent {
    pub(crate) spec: DownloadSpec,
    ticket: Arc<Mutex<Option<DownloadTicket>>>,
}

impl StoredContent {
    pub(crate) fn ticket(&self) -> Option<DownloadTicket> {
        self.lock().clone()
    }

    pub(crate) fn set_ticket(&self, ticket: Option<DownloadTicket>) {
        *self.lock() = ticket;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<DownloadTicket>> {
        self.ticket
            .lock()
            .expect("no thread panics while it holds a ticket")
    }
}

impl Download {
    pub(crate) fn new(
        record: &ArtifactRecord,
        path: &LogicalPath,
        entry: &ManifestEntry,
    ) -> Result<Self, FlowError> {
        let digest = entry.digest.content().copied();
        let origin = match (&entry.reference, digest) {
            (Some(uri), _) => Origin::Reference(Arc::new(ReferenceObject {
                uri: uri.clone(),
                relative_path: path.file_name().to_owned(),
                digest: entry.digest.clone(),
                size: entry.size,
                extra: entry.extra.clone(),
            })),
            (None, Some(digest)) => Origin::Stored(StoredContent {
                spec: DownloadSpec {
                    path: path.clone(),
                    digest,
                    size: entry.size,
                    birth_artifact: entry.birth_artifact.clone(),
                },
                ticket: Arc::default(),
            }),
            (None, None) => {
                return Err(FlowError::Manifest {
                    artifact: record.address().to_string(),
                    source: format!("{path} has no digest of its content").into(),
                });
            }
        };
        Ok(Self {
            path: path.clone(),
            digest,
            size: entry.size,
            origin,
            progress: Arc::default(),
            may_use_cache: true,
            is_retry: false,
        })
    }

    /// Compares the received size and digest with the expected ones.
    pub(crate) fn verify(&self, size: u64, digest: Option<ContentDigest>) -> Result<(), FlowError> {
        FlowError::check_content(&self.path, (self.digest, self.size), (digest, size))
    }

    pub(crate) fn damaged(&self, expected: String, found: String) -> FlowError {
        FlowError::Damaged {
            path: self.path.clone(),
            expected,
            found,
        }
    }

    pub(crate) fn transfer_error(&self, source: TransferError) -> FlowError {
        FlowError::Transfer {
            path: self.path.to_string(),
            source,
        }
    }
}

/// Error of a download.
#[derive(Debug)]
pub(crate) enum DownloadFailure {
    /// The content was wrong or gone: a fresh attempt may help.
    Retryable(FlowError),
    /// No attempt helps.
    Fatal(FlowError),
}

impl From<DownloadFailure> for FlowError {
    fn from(failure: DownloadFailure) -> Self {
        match failure {
            DownloadFailure::Retryable(error) | DownloadFailure::Fatal(error) => error,
        }
    }
}

impl From<FlowError> for DownloadFailure {
    fn from(error: FlowError) -> Self {
        Self::Fatal(error)
    }
}

/// A download and its result.
pub(super) struct DownloadResult {
    pub(super) download: Download,
    pub(super) result: Result<DownloadOutcome, DownloadFailure>,
}

/// Outcome of a successful step of a download.
pub(super) enum DownloadOutcome {
    /// The file of this many bytes is installed.
    Installed(u64),
    /// The bytes are in memory, with the permit for them.
    Collected(Vec<u8>, OwnedSemaphorePermit),
    /// The content is in a local file.
    Local(PathBuf),
    /// The cached content was damaged.
    NotCached,
}

impl DownloadResult {
    pub(super) const fn finished(download: Download, outcome: DownloadOutcome) -> Self {
        Self {
            download,
            result: Ok(outcome),
        }
    }

    pub(super) const fn failed(failure: DownloadFailure, download: Download) -> Self {
        Self {
            download,
            result: Err(failure),
        }
    }
}

/// Reports the bytes of one download; bytes that arrive again after a retry are not reported again.
#[derive(Debug, Default)]
pub(crate) struct ProgressCounter(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Bytes received in this attempt.
    received: u64,
    /// Bytes reported so far.
    reported: u64,
}

impl ProgressCounter {
    /// Adds received bytes.
    pub(crate) fn add(&self, bytes: u64, progress: &dyn Progress) {
        let mut counts = self.counts();
        counts.received += bytes;
        let new = counts.received.saturating_sub(counts.reported);
        counts.reported += new;
        drop(counts);
        if 0 < new {
            progress.advance(0, new);
        }
    }

    /// Notes bytes that were reported by other means.
    pub(crate) fn reported_elsewhere(&self, bytes: u64) {
        let mut counts = self.counts();
        counts.reported = counts.reported.max(bytes);
    }

    /// Starts a new attempt.
    pub(crate) fn restart(&self) {
        self.counts().received = 0;
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0
            .lock()
            .expect("no thread panics while it holds the counts")
    }
}
