//! Download tickets: requested a batch ahead, batched across downloads, and refreshed when they expire.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use artifact_core::ports::{
    ArtifactRegistry, ContentCache, DownloadRequest, DownloadSpec, DownloadTicket, RegistryError,
};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use super::context::FetchContext;
use super::download::{Download, Origin};
use super::local_copies::LocalSource;
use crate::FlowError;
use crate::blocking::{run_tracked, unwrap_join};

/// Requests tickets a batch ahead of the transfers. Entries that are in the cache need none and are split off.
pub(super) struct TicketPrefetcher {
    context: Arc<FetchContext>,
    tracker: TaskTracker,
    /// Not requested yet, in reverse order.
    rest: Vec<Download>,
    /// To be requested again.
    retries: Vec<Download>,
    ready: VecDeque<Download>,
    /// The batch being requested; cancelled on drop.
    requested: JoinSet<Result<Batch, FlowError>>,
}

/// A batch of downloads that were looked up and have tickets.
pub(super) struct Batch {
    /// Entries that the cache seems to have.
    pub(super) cached: Vec<LocalSource>,
    ready: Vec<Download>,
}

impl TicketPrefetcher {
    pub(super) fn new(
        context: &Arc<FetchContext>,
        tracker: &TaskTracker,
        mut downloads: Vec<Download>,
    ) -> Self {
        downloads.reverse();
        Self {
            context: Arc::clone(context),
            tracker: tracker.clone(),
            rest: downloads,
            retries: Vec::new(),
            ready: VecDeque::new(),
            requested: JoinSet::new(),
        }
    }

    /// Returns the next download that has a ticket.
    pub(super) fn next(&mut self) -> Option<Download> {
        if self.context.take_batch_expired() {
            // Instead of letting each of them fail on its own.
            self.retries.extend(self.ready.drain(..));
        }
        self.request_next();
        self.ready.pop_front()
    }

    /// Puts a download back, to be downloaded from the start.
    pub(super) fn retry(&mut self, download: Download) {
        download.progress.restart();
        self.retries.push(download);
    }

    /// Whether a download with a ticket is waiting.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Waits for the batch being requested; `None` if there is none.
    pub(super) async fn next_batch(&mut self) -> Option<Result<Batch, FlowError>> {
        let batch = unwrap_join(self.requested.join_next().await?);
        Some(batch.map(|mut batch| {
            self.ready.extend(batch.ready.drain(..));
            batch
        }))
    }

    /// Requests the next batch when few downloads are left.
    fn request_next(&mut self) {
        let limit = self.context.limits.batch.max(1);
        // Early enough to keep transfers busy, late enough that tickets do not expire unused.
        if !self.requested.is_empty() || limit / 4 < self.ready.len() {
            return;
        }
        let mut downloads = self
            .retries
            .split_off(self.retries.len().saturating_sub(limit));
        let room = limit - downloads.len();
        let rest = self.rest.len().saturating_sub(room);
        downloads.extend(self.rest.drain(rest..).rev());
        if !downloads.is_empty() {
            let (context, tracker) = (Arc::clone(&self.context), self.tracker.clone());
            self.requested
                .spawn(prepare_batch(context, tracker, downloads));
        }
    }
}

/// Looks `downloads` up in the cache, and requests tickets for the rest.
async fn prepare_batch(
    context: Arc<FetchContext>,
    tracker: TaskTracker,
    downloads: Vec<Download>,
) -> Result<Batch, FlowError> {
    let (cached, ready) = match context.flow.cache.clone() {
        Some(cache) => run_tracked(&tracker, move || split_cached(&*cache, downloads)).await,
        None => (Vec::new(), downloads),
    };
    context.request_tickets(&ready).await?;
    Ok(Batch { cached, ready })
}

/// Splits downloads into cached ones and others.
fn split_cached(
    cache: &dyn ContentCache,
    downloads: Vec<Download>,
) -> (Vec<LocalSource>, Vec<Download>) {
    let (mut cached, mut others) = (Vec::new(), Vec::new());
    for mut download in downloads {
        let digest = match (&download.origin, download.digest) {
            (Origin::Stored(_), Some(digest)) if download.may_use_cache => digest,
            _ => {
                others.push(download);
                continue;
            }
        };
        let found = cache.find(&digest);
        let length = found.as_ref().and_then(|file| file.metadata().ok());
        match (found, length) {
            (Some(file), Some(length)) if download.size.is_none_or(|size| size == length.len()) => {
                cached.push(LocalSource {
                    download,
                    file,
                    is_cached: true,
                });
            }
            (found, _) => {
                if found.is_some() {
                    // Its length alone shows that it is damaged.
                    cache.distrust(&digest);
                }
                download.may_use_cache = false;
                others.push(download);
            }
        }
    }
    (cached, others)
}

/// Maximum entries per request, unless a single caller asks for more.
const ENTRIES: usize = 5_000;

type TicketResult = Result<Vec<DownloadTicket>, RegistryError>;

/// A request and the channel of its answer.
type Request = (DownloadRequest, oneshot::Sender<TicketResult>);

/// Batches concurrent ticket requests: one that arrives while another is in flight joins the next batch.
#[derive(Debug, Clone, Default)]
pub(super) struct TicketBatcher(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Request>,
    is_running: bool,
    /// Sends the batches; cancelled when the last clone is dropped.
    task: JoinSet<()>,
}

impl TicketBatcher {
    /// Returns tickets for the entries of `request`.
    pub(super) async fn tickets(
        &self,
        registry: &Arc<dyn ArtifactRegistry>,
        request: DownloadRequest,
    ) -> TicketResult {
        let (sender, answer) = oneshot::channel();
        {
            let mut state = lock(&self.0);
            state.waiting.push((request, sender));
            if !state.is_running {
                state.is_running = true;
                while state.task.try_join_next().is_some() {}
                let (desk, registry) = (Arc::downgrade(&self.0), Arc::clone(registry));
                state.task.spawn(async move {
                    while let Some(batch) = desk.upgrade().and_then(|desk| next(&desk)) {
                        send_batch(&*registry, batch).await;
                    }
                });
            }
        }
        answer
            .await
            .expect("the task runs while a clone of the batcher exists")
    }
}

fn lock(desk: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    desk.lock()
        .expect("no thread panics while it holds the batcher")
}

/// Takes the next batch; `None` if no request is waiting, and then the task ends.
fn next(desk: &Mutex<State>) -> Option<Vec<Request>> {
    let mut state = lock(desk);
    let mut entries = 0;
    let within = |(request, _): &&Request| {
        let is_first = entries == 0;
        entries += request.entries.len().max(1);
        is_first || entries <= ENTRIES
    };
    let count = state.waiting.iter().take_while(within).count();
    state.is_running = 0 < count;
    (0 < count).then(|| state.waiting.drain(..count).collect())
}

async fn send_batch(registry: &dyn ArtifactRegistry, batch: Vec<Request>) {
    let (requests, senders): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let answers = match &*requests {
        [only] => vec![registry.downloads(only).await],
        requests => registry.downloads_of_each(requests).await,
    };
    for (sender, answer) in senders.into_iter().zip(answers) {
        // The caller may have been cancelled.
        _ = sender.send(answer);
    }
}

/// An entry and the channel of its new ticket.
type Waiting = (DownloadSpec, oneshot::Sender<DownloadTicket>);

/// Refreshes expired tickets. Tickets expire together, so all that wait while one refresh is in flight share the next
/// request.
#[derive(Debug, Default)]
pub(super) struct TicketRefresher {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl TicketRefresher {
    /// Returns a new ticket for an entry.
    pub(super) async fn refresh(
        &self,
        context: &FetchContext,
        spec: &DownloadSpec,
    ) -> Result<DownloadTicket, FlowError> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.list().push((spec.clone(), answer));
            let _turn = self.turn.lock().await;
            match answered.try_recv() {
                Ok(ticket) => return Ok(ticket),
                // The task that sent the request failed or was cancelled.
                Err(oneshot::error::TryRecvError::Closed) => continue,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let waiting = std::mem::take(&mut *self.list());
            let specs = waiting.iter().map(|(spec, _)| spec.clone()).collect();
            let tickets = context.tickets(specs).await?;
            for ((_, answer), ticket) in waiting.into_iter().zip(tickets) {
                // The download that waited may have been cancelled.
                _ = answer.send(ticket);
            }
            if let Ok(ticket) = answered.try_recv() {
                return Ok(ticket);
            }
        }
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting
            .lock()
            .expect("no thread panics while it holds the list")
    }
}

#[cfg(test)]
mod tests {
    use artifact_core::ports::MockArtifactRegistry;
    use artifact_core::records::ArtifactId;
    use artifact_core::{ContentDigest, LogicalPath, ProjectAddress};
    use futures::future::join_all;

    use super::*;

    fn request(path: &str) -> DownloadRequest {
        let path: LogicalPath = path.parse().unwrap();
        DownloadRequest {
            artifact: ArtifactId("QQ==".to_owned()),
            project: ProjectAddress {
                entity: "team".parse().unwrap(),
                project: "vision".parse().unwrap(),
            },
            name: "data".parse().unwrap(),
            entries: vec![DownloadSpec {
                path,
                digest: ContentDigest::Md5([1; 16]),
                size: Some(1),
                birth_artifact: None,
            }],
        }
    }

    fn ticket_of(request: &DownloadRequest) -> TicketResult {
        let locator = request.entries[0].path.to_string();
        if locator == "gone" {
            return Err(RegistryError::Rejected { what: locator });
        }
        Ok(vec![DownloadTicket { locator }])
    }

    async fn request_all(registry: MockArtifactRegistry, paths: &[&str]) -> Vec<TicketResult> {
        let registry: Arc<dyn ArtifactRegistry> = Arc::new(registry);
        let batcher = TicketBatcher::default();
        join_all(
            paths
                .iter()
                .map(|path| batcher.tickets(&registry, request(path))),
        )
        .await
    }

    #[tokio::test]
    async fn a_single_request_is_sent_as_it_is() {
        let mut registry = MockArtifactRegistry::new();
        registry.expect_downloads().times(1).returning(ticket_of);
        let tickets = request_all(registry, &["a"]).await;
        assert_eq!(tickets[0].as_ref().unwrap()[0].locator, "a");
    }

    #[tokio::test]
    async fn concurrent_requests_are_one_batch_and_fail_on_their_own() {
        let mut registry = MockArtifactRegistry::new();
        registry
            .expect_downloads_of_each()
            .times(1)
            .withf(|requests| requests.len() == 3)
            .returning(|requests| requests.iter().map(ticket_of).collect());
        let tickets = request_all(registry, &["a", "gone", "c"]).await;
        assert_eq!(tickets[0].as_ref().unwrap()[0].locator, "a");
        assert!(tickets[1].is_err());
        assert_eq!(tickets[2].as_ref().unwrap()[0].locator, "c");
    }
}
