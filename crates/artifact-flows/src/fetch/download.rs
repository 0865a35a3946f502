//! An entry on its way.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use artifact_core::ports::{
    ArtifactRecord, DownloadSpec, DownloadTicket, ReferenceObject, TransferError,
};
use artifact_core::{ContentDigest, LogicalPath};
use manifest::ManifestEntry;
use tokio::sync::OwnedSemaphorePermit;

use crate::{FlowError, Progress};

/// An entry on its way.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    pub(crate) path: LogicalPath,
    /// The digest of its content, where that is known.
    pub(crate) digest: Option<ContentDigest>,
    pub(crate) size: Option<u64>,
    pub(crate) origin: Origin,
    pub(crate) progress: Arc<ProgressCounter>,
    /// Whether the cache may be asked for it.
    pub(crate) may_use_cache: bool,
    /// Whether it was fetched once and turned out wrong.
    pub(crate) is_retry: bool,
}

/// Where an entry's content is.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Stored(StoredContent),
    Reference(Arc<ReferenceObject>),
}

/// Content that the registry keeps. All parts of a file share its newest ticket.
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

    /// Checks what came against what must come.
    pub(crate) fn verify(&self, size: u64, digest: Option<ContentDigest>) -> Result<(), FlowError> {
        match (self.digest, digest) {
            (Some(expected), Some(found)) if expected != found => {
                return Err(self.damaged(expected.to_string(), found.to_string()));
            }
            _ => {}
        }
        match self.size {
            Some(expected) if expected != size => {
                Err(self.damaged(format!("{expected} bytes"), format!("{size} bytes")))
            }
            _ => Ok(()),
        }
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

/// Why an item did not arrive.
#[derive(Debug)]
pub(crate) enum DownloadFailure {
    /// What came is wrong, or was gone: a fresh try may help.
    Retryable(FlowError),
    /// No try helps.
    Fatal(FlowError),
}

impl From<FlowError> for DownloadFailure {
    fn from(error: FlowError) -> Self {
        Self::Fatal(error)
    }
}

/// What became of an item.
pub(super) struct DownloadResult {
    pub(super) download: Download,
    pub(super) result: Result<DownloadOutcome, DownloadFailure>,
}

/// How far an item has come.
pub(super) enum DownloadOutcome {
    /// It has its name; so many bytes.
    Installed(u64),
    /// Its bytes are here.
    Collected(Vec<u8>, OwnedSemaphorePermit),
    /// Its content is in a local file.
    Local(PathBuf),
    /// What the cache had was wrong.
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

/// Counts the bytes of one item for whoever watches: those that come again are not counted again.
#[derive(Debug, Default)]
pub(crate) struct ProgressCounter(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// How many bytes of this try arrived.
    received: u64,
    /// The most that arrived in any try.
    reported: u64,
}

impl ProgressCounter {
    /// More bytes arrived.
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

    /// Somebody else told of this many bytes.
    pub(crate) fn reported_elsewhere(&self, bytes: u64) {
        let mut counts = self.counts();
        counts.reported = counts.reported.max(bytes);
    }

    /// All comes again.
    pub(crate) fn restart(&self) {
        self.counts().received = 0;
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0
            .lock()
            .expect("no thread panics while it holds the counts")
    }
}
