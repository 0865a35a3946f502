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
pub(crate) struct Item {
    pub(crate) path: LogicalPath,
    /// The digest of its content, where that is known.
    pub(crate) digest: Option<ContentDigest>,
    pub(crate) size: Option<u64>,
    pub(crate) origin: Origin,
    pub(crate) tally: Arc<Tally>,
    /// Whether the cache may be asked for it.
    pub(crate) may_be_cached: bool,
    /// Whether it was fetched once and turned out wrong.
    pub(crate) is_second_try: bool,
}

/// Where an entry's content is.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Stored(Stored),
    Reference(Arc<ReferenceObject>),
}

/// Content that the registry keeps. All parts of a file share its newest ticket.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) spec: DownloadSpec,
    ticket: Arc<Mutex<Option<DownloadTicket>>>,
}

impl Stored {
    pub(crate) fn ticket(&self) -> Option<DownloadTicket> {
        self.slot().clone()
    }

    pub(crate) fn set_ticket(&self, ticket: Option<DownloadTicket>) {
        *self.slot() = ticket;
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<DownloadTicket>> {
        self.ticket
            .lock()
            .expect("no thread panics while it holds a ticket")
    }
}

impl Item {
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
            (None, Some(digest)) => Origin::Stored(Stored {
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
            tally: Arc::default(),
            may_be_cached: true,
            is_second_try: false,
        })
    }

    /// Checks what came against what must come.
    pub(crate) fn check(&self, size: u64, digest: Option<ContentDigest>) -> Result<(), FlowError> {
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

    pub(crate) fn not_moved(&self, source: TransferError) -> FlowError {
        FlowError::Transfer {
            path: self.path.to_string(),
            source,
        }
    }
}

/// Why an item did not arrive.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What came is wrong, or was gone: a fresh try may help.
    Wrong(FlowError),
    /// No try helps.
    Final(FlowError),
}

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        Self::Final(error)
    }
}

/// What became of an item.
pub(super) struct Brought {
    pub(super) item: Item,
    pub(super) result: Result<Arrival, Failure>,
}

/// How far an item has come.
pub(super) enum Arrival {
    /// It has its name; so many bytes.
    Placed(u64),
    /// Its bytes are here.
    Collected(Vec<u8>, OwnedSemaphorePermit),
    /// Its content is in a local file.
    Local(PathBuf),
    /// What the cache had was wrong.
    NotCached,
}

impl Brought {
    pub(super) const fn arrived(item: Item, arrival: Arrival) -> Self {
        Self {
            item,
            result: Ok(arrival),
        }
    }

    pub(super) const fn failed(failure: Failure, item: Item) -> Self {
        Self {
            item,
            result: Err(failure),
        }
    }
}

/// Counts the bytes of one item for whoever watches: those that come again are not counted again.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// How many bytes of this try arrived.
    arrived: u64,
    /// The most that arrived in any try.
    told: u64,
}

impl Tally {
    /// More bytes arrived.
    pub(crate) fn arrive(&self, bytes: u64, progress: &dyn Progress) {
        let mut counts = self.counts();
        counts.arrived += bytes;
        let new = counts.arrived.saturating_sub(counts.told);
        counts.told += new;
        drop(counts);
        if 0 < new {
            progress.advance(0, new);
        }
    }

    /// Somebody else told of this many bytes.
    pub(crate) fn was_told(&self, bytes: u64) {
        let mut counts = self.counts();
        counts.told = counts.told.max(bytes);
    }

    /// All comes again.
    pub(crate) fn restart(&self) {
        self.counts().arrived = 0;
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0
            .lock()
            .expect("no thread panics while it holds the counts")
    }
}
