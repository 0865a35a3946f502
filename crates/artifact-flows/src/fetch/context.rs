//! What all transfers of one fetch share.

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

/// How many bytes one permit of memory stands for, since permits are counted in 32 bits.
const PERMIT_BYTES: u64 = 1 << 10;

/// What all transfers of one fetch share: whom to ask, and how much may be under way.
pub(crate) struct FetchContext {
    pub(crate) flow: Flow,
    pub(crate) limits: FetchLimits,
    record: ArtifactRecord,
    resolvers: Option<ResolverLookup>,
    budget: TransferBudget,
    refresher: TicketRefresher,
    /// How many tickets expired since the last batch of them was asked for.
    expired: AtomicUsize,
}

/// How much may be under way at once, of all fetches that share it, and where they ask together.
#[derive(Debug, Clone)]
pub(crate) struct TransferBudget {
    streams: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    memory_permits: u32,
    batcher: TicketBatcher,
    /// Where their unfinished files lie; `None` for each in its own root.
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

    /// Returns the pool of fetches into many roots.
    pub(super) fn shared(limits: FetchLimits) -> Self {
        Self {
            staging: Some(Arc::default()),
            ..Self::new(limits)
        }
    }
}

/// Why content could not be opened.
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

    /// As [`new`](Self::new), within what `pool` has room for.
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

    /// Asks where the content of entries can be had.
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

    /// Gives every stored item a ticket.
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
        // First without waiting: a task that waits often must give way, even if nobody else wants to go.
        match Arc::clone(&self.budget.streams).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => Arc::clone(&self.budget.streams)
                .acquire_owned()
                .await
                .expect("nobody closes the semaphore"),
        }
    }

    /// Waits until `bytes` more may wait in memory; they count until the permit is dropped. More than there is at all
    /// waits until nothing else does.
    pub(crate) async fn memory_permit(&self, bytes: u64) -> OwnedSemaphorePermit {
        let permits = u32::try_from(bytes.div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
        let permits = permits.min(self.budget.memory_permits);
        match Arc::clone(&self.budget.memory).try_acquire_many_owned(permits) {
            Ok(permit) => permit,
            Err(_) => Arc::clone(&self.budget.memory)
                .acquire_many_owned(permits)
                .await
                .expect("nobody closes the semaphore"),
        }
    }

    /// Opens content with the ticket that it has.
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
                        reason: "nobody reads references here".into(),
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

    /// Gets a new ticket for content, unless somebody else did since `old` was used_ticket.
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

    /// Whether so many tickets expired that the others of their batch have, too. Asking begins a new count.
    pub(super) fn take_batch_expired(&self) -> bool {
        /// A single one may be a moody server.
        const MANY: usize = 3;
        if self.expired.load(Ordering::Relaxed) < MANY {
            return false;
        }
        self.expired.store(0, Ordering::Relaxed);
        true
    }
}
