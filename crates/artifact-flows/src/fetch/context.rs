//! Shared state of one download: the registry, the version, and the concurrency limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use artifact_core::ports::{
    ArtifactRecord, DownloadRequest, DownloadSpec, DownloadTicket, Fetched as Source,
    RegistryError, ResolveError, TransferError,
};
use std::ops::Range;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::FetchLimits;
use super::download::{Download, Origin, StoredContent};
use super::staging;
use super::tickets::{TicketBatcher, TicketRefresher};
use crate::references::ResolverLookup;
use crate::{Flow, FlowError};

/// Bytes per memory permit, since permits are counted in 32 bits.
const PERMIT_BYTES: u64 = 1 << 10;

/// Shared state of one download: the registry, the version, and the concurrency limits.
pub(crate) struct FetchContext {
    pub(crate) flow: Flow,
    pub(crate) limits: FetchLimits,
    record: ArtifactRecord,
    resolvers: Option<ResolverLookup>,
    budget: TransferBudget,
    refresher: TicketRefresher,
    /// Tickets that expired since the last batch was requested.
    expired: AtomicUsize,
}

/// Concurrency limits and ticket batching, shared by all downloads that run at once.
#[derive(Debug, Clone)]
pub(crate) struct TransferBudget {
    streams: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    memory_permits: u32,
    batcher: TicketBatcher,
    /// Staging folders of downloads into neighbouring roots; `None` if each root has its own.
    pub(super) staging: Option<Arc<staging::SharedStaging>>,
}

impl TransferBudget {
    pub(crate) fn new(limits: FetchLimits) -> Self {
        let memory_permits = (limits.buffered_bytes / PERMIT_BYTES).clamp(1, u32::MAX.into());
        let memory_permits = u32::try_from(memory_permits).unwrap_or(u32::MAX);
        Self {
            streams: Arc::new(Semaphore::new(limits.streams.max(1))),
            memory: Arc::new(Semaphore::new(memory_permits as usize)),
            memory_permits,
            batcher: TicketBatcher::default(),
            staging: None,
        }
    }

    /// Returns the budget of downloads into many roots, which share staging folders.
    pub(super) fn shared(limits: FetchLimits) -> Self {
        Self {
            staging: Some(Arc::default()),
            ..Self::new(limits)
        }
    }
}

/// Error of opening a content.
pub(super) enum OpenError {
    Transfer(TransferError),
    Resolve(ResolveError),
}

impl FetchContext {
    pub(crate) fn new(
        flow: &Flow,
        record: &ArtifactRecord,
        limits: FetchLimits,
        resolvers: Option<ResolverLookup>,
    ) -> Self {
        Self::with_budget(TransferBudget::new(limits), flow, record, limits, resolvers)
    }

    /// As [`new`](Self::new), with a shared `budget`.
    pub(crate) fn with_budget(
        budget: TransferBudget,
        flow: &Flow,
        record: &ArtifactRecord,
        limits: FetchLimits,
        resolvers: Option<ResolverLookup>,
    ) -> Self {
        Self {
            flow: flow.clone(),
            limits,
            record: record.clone(),
            resolvers,
            budget,
            refresher: TicketRefresher::default(),
            expired: AtomicUsize::new(0),
        }
    }

    /// Requests download tickets.
    pub(super) async fn tickets(
        &self,
        entries: Vec<DownloadSpec>,
    ) -> Result<Vec<DownloadTicket>, FlowError> {
        let wanted = entries.len();
        let what = match &*entries {
            [only] => format!("the content of {}", only.path),
            [first, ..] => format!("the content of {} and {} more", first.path, wanted - 1),
            [] => return Ok(Vec::new()),
        };
        let request = DownloadRequest {
            artifact: self.record.id.clone(),
            project: self.record.project.clone(),
            name: self.record.name.clone(),
            entries,
        };
        let tickets = self
            .budget
            .batcher
            .tickets(&self.flow.registry, request)
            .await
            .map_err(|error| match error {
                RegistryError::Offline { location } => FlowError::NotCached { what, location },
                error => error.into(),
            })?;
        if wanted == tickets.len() {
            return Ok(tickets);
        }
        let given = tickets.len();
        Err(FlowError::Manifest {
            artifact: self.record.address().to_string(),
            source: format!("asked for {wanted} download tickets, the registry gave {given}")
                .into(),
        })
    }

    /// Requests a ticket for every stored entry among `downloads`.
    pub(crate) async fn request_tickets(&self, downloads: &[Download]) -> Result<(), FlowError> {
        let stored: Vec<_> = downloads
            .iter()
            .filter_map(|download| match &download.origin {
                Origin::Stored(stored) => Some(stored),
                Origin::Reference(_) => None,
            })
            .collect();
        if stored.is_empty() {
            return Ok(());
        }
        let specs = stored.iter().map(|stored| stored.spec.clone()).collect();
        let tickets = self.tickets(specs).await?;
        for (stored, ticket) in stored.iter().zip(tickets) {
            stored.set_ticket(Some(ticket));
        }
        Ok(())
    }

    /// Waits until one more stream may be opened; it counts until the permit is dropped.
    pub(super) async fn stream_permit(&self) -> OwnedSemaphorePermit {
        // Tries without waiting first: a task that awaits the semaphore yields even when permits are free.
        match Arc::clone(&self.budget.streams).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => Arc::clone(&self.budget.streams)
                .acquire_owned()
                .await
                .expect("the semaphore is never closed"),
        }
    }

    /// Waits until `bytes` more may be held in memory; they count until the permit is dropped. A request for more than
    /// the whole budget waits until nothing else is held.
    pub(crate) async fn memory_permit(&self, bytes: u64) -> OwnedSemaphorePermit {
        let permits = u32::try_from(bytes.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
        let permits = permits.min(self.budget.memory_permits);
        match Arc::clone(&self.budget.memory).try_acquire_many_owned(permits) {
            Ok(permit) => permit,
            Err(_) => Arc::clone(&self.budget.memory)
                .acquire_many_owned(permits)
                .await
                .expect("the semaphore is never closed"),
        }
    }

    /// Opens content with its current ticket, or through its resolver.
    pub(super) async fn open(
        &self,
        origin: &Origin,
        ticket: Option<&DownloadTicket>,
        range: Option<Range<u64>>,
    ) -> Result<Source, OpenError> {
        match (origin, ticket) {
            (Origin::Reference(object), _) => {
                let resolver = self
                    .resolvers
                    .as_ref()
                    .map(|resolvers| resolvers(&object.uri));
                let resolver = resolver.unwrap_or_else(|| {
                    Err(ResolveError::Unsupported {
                        uri: object.uri.clone(),
                        reason: "references are not read here".into(),
                    })
                });
                let resolver = resolver.map_err(OpenError::Resolve)?;
                resolver.open(object).await.map_err(OpenError::Resolve)
            }
            (Origin::Stored(_), Some(ticket)) => self
                .flow
                .transfer
                .download(ticket, range)
                .await
                .map_err(OpenError::Transfer),
            (Origin::Stored(_), None) => Err(OpenError::Transfer(TransferError::Expired {
                place: self.flow.registry.location(),
            })),
        }
    }

    /// Replaces an expired ticket, unless another task has replaced `old` already.
    pub(super) async fn refresh_ticket(
        &self,
        stored: &StoredContent,
        old: Option<&DownloadTicket>,
    ) -> Result<(), FlowError> {
        if stored.ticket().as_ref() == old {
            self.expired.fetch_add(1, Ordering::Relaxed);
            let ticket = self.refresher.refresh(self, &stored.spec).await?;
            stored.set_ticket(Some(ticket));
        }
        Ok(())
    }

    /// Whether so many tickets expired that the rest of their batch must be assumed expired, too. Resets the count.
    pub(super) fn take_batch_expired(&self) -> bool {
        /// A single one may be a server's whim.
        const MANY: usize = 3;
        if self.expired.load(Ordering::Relaxed) < MANY {
            return false;
        }
        self.expired.store(0, Ordering::Relaxed);
        true
    }
}
