//! Items that are ready to be fetched: what the cache has is found, and of the rest the tickets are asked for while the
//! batch before is still on its way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use artifact_core::ports::{
    ArtifactRegistry, ContentCache, DownloadRequest, DownloadSpec, DownloadTicket, RegistryError,
};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::context::Line;
use super::download::{Item, Origin};
use super::local_copies::Local;
use crate::FlowError;
use crate::blocking::{Crew, joined};

/// Items that are to be fetched.
pub(super) struct Supply {
    line: Arc<Line>,
    crew: Crew,
    /// What nobody was asked for yet, the first last.
    rest: Vec<Item>,
    /// What must be asked for once more.
    again: Vec<Item>,
    ready: VecDeque<Item>,
    /// The batch that is being asked for; cancelled when this is dropped.
    asked: JoinSet<Result<Batch, FlowError>>,
}

/// A batch of items, about which all was asked.
pub(super) struct Batch {
    /// What the cache seems to have.
    pub(super) cached: Vec<Local>,
    ready: Vec<Item>,
}

impl Supply {
    pub(super) fn new(line: &Arc<Line>, crew: &Crew, mut items: Vec<Item>) -> Self {
        items.reverse();
        Self {
            line: Arc::clone(line),
            crew: crew.clone(),
            rest: items,
            again: Vec::new(),
            ready: VecDeque::new(),
            asked: JoinSet::new(),
        }
    }

    /// Returns the next item that is ready now.
    pub(super) fn next(&mut self) -> Option<Item> {
        if self.line.is_batch_expired() {
            // So that each need not find out for itself.
            self.again.extend(self.ready.drain(..));
        }
        self.ask();
        self.ready.pop_front()
    }

    /// Takes an item back: its content has to come anew.
    pub(super) fn again(&mut self, item: Item) {
        item.tally.restart();
        self.again.push(item);
    }

    /// Whether an item is ready now.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Waits for the answers about the batch that was asked for; `None` where none was.
    pub(super) async fn answered(&mut self) -> Option<Result<Batch, FlowError>> {
        let batch = joined(self.asked.join_next().await?);
        Some(batch.map(|mut batch| {
            self.ready.extend(batch.ready.drain(..));
            batch
        }))
    }

    /// Asks about the next batch, when it is time.
    fn ask(&mut self) {
        let limit = self.line.limits.batch.max(1);
        // Early enough, and yet not so early that tickets expire while they wait.
        if !self.asked.is_empty() || limit / 4 < self.ready.len() {
            return;
        }
        let mut items = self.again.split_off(self.again.len().saturating_sub(limit));
        let room = limit - items.len();
        let rest = self.rest.len().saturating_sub(room);
        items.extend(self.rest.drain(rest..).rev());
        if !items.is_empty() {
            let (line, crew) = (Arc::clone(&self.line), self.crew.clone());
            self.asked.spawn(ask(line, crew, items));
        }
    }
}

/// Finds out where the content of `items` is.
async fn ask(line: Arc<Line>, crew: Crew, items: Vec<Item>) -> Result<Batch, FlowError> {
    let (cached, ready) = match line.flow.cache.clone() {
        Some(cache) => crew.run(move || find(&*cache, items)).await,
        None => (Vec::new(), items),
    };
    line.fill(&ready).await?;
    Ok(Batch { cached, ready })
}

/// Parts what the cache seems to have from what it has not.
fn find(cache: &dyn ContentCache, items: Vec<Item>) -> (Vec<Local>, Vec<Item>) {
    let (mut cached, mut others) = (Vec::new(), Vec::new());
    for mut item in items {
        let digest = match (&item.origin, item.digest) {
            (Origin::Stored(_), Some(digest)) if item.may_be_cached => digest,
            _ => {
                others.push(item);
                continue;
            }
        };
        let found = cache.find(&digest);
        let length = found.as_ref().and_then(|file| file.metadata().ok());
        match (found, length) {
            (Some(file), Some(length)) if item.size.is_none_or(|size| size == length.len()) => {
                cached.push(Local {
                    item,
                    file,
                    is_cached: true,
                });
            }
            (found, _) => {
                if found.is_some() {
                    // Wrong without a look at its bytes.
                    cache.distrust(&digest);
                }
                item.may_be_cached = false;
                others.push(item);
            }
        }
    }
    (cached, others)
}

/// The most entries that are asked for at once, unless one fetch alone asks for more.
const ENTRIES: usize = 5_000;

type Answer = Result<Vec<DownloadTicket>, RegistryError>;

/// A request, and who waits for the answer.
type Asked = (DownloadRequest, oneshot::Sender<Answer>);

/// Asks a registry for tickets on behalf of many.
///
/// Whoever comes while nobody asks is asked for at once; those who come meanwhile are asked for together after that.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Asked>,
    is_asking: bool,
    /// Who asks; cancelled when nobody has the desk any more.
    asking: JoinSet<()>,
}

impl Desk {
    /// Returns where the content of entries is.
    pub(super) async fn tickets(
        &self,
        registry: &Arc<dyn ArtifactRegistry>,
        request: DownloadRequest,
    ) -> Answer {
        let (sender, answer) = oneshot::channel();
        {
            let mut state = lock(&self.0);
            state.waiting.push((request, sender));
            if !state.is_asking {
                state.is_asking = true;
                while state.asking.try_join_next().is_some() {}
                let (desk, registry) = (Arc::downgrade(&self.0), Arc::clone(registry));
                state.asking.spawn(async move {
                    while let Some(batch) = desk.upgrade().and_then(|desk| next(&desk)) {
                        ask_registry(&*registry, batch).await;
                    }
                });
            }
        }
        answer
            .await
            .expect("who asks goes on while somebody has the desk")
    }
}

fn lock(desk: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    desk.lock().expect("no thread panics while it has the desk")
}

/// Takes what is to be asked now; `None` where nobody waits, and then nobody asks any more.
fn next(desk: &Mutex<State>) -> Option<Vec<Asked>> {
    let mut state = lock(desk);
    let mut entries = 0;
    let within = |(request, _): &&Asked| {
        let is_first = entries == 0;
        entries += request.entries.len().max(1);
        is_first || entries <= ENTRIES
    };
    let count = state.waiting.iter().take_while(within).count();
    state.is_asking = 0 < count;
    (0 < count).then(|| state.waiting.drain(..count).collect())
}

async fn ask_registry(registry: &dyn ArtifactRegistry, batch: Vec<Asked>) {
    let (requests, senders): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let answers = match &*requests {
        [only] => vec![registry.downloads(only).await],
        requests => registry.downloads_of_each(requests).await,
    };
    for (sender, answer) in senders.into_iter().zip(answers) {
        // Whoever is gone needs no answer.
        _ = sender.send(answer);
    }
}

/// Who waits for a new ticket.
type Waiting = (DownloadSpec, oneshot::Sender<DownloadTicket>);

/// Asks for new tickets: tickets expire together, so all that wait while one asks are asked for at once.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Renewals {
    /// Returns a new ticket for an entry.
    pub(super) async fn renew(
        &self,
        line: &Line,
        spec: &DownloadSpec,
    ) -> Result<DownloadTicket, FlowError> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.list().push((spec.clone(), answer));
            let _turn = self.turn.lock().await;
            match answered.try_recv() {
                Ok(ticket) => return Ok(ticket),
                // Whoever asked for all failed, or was cancelled.
                Err(oneshot::error::TryRecvError::Closed) => continue,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let waiting = std::mem::take(&mut *self.list());
            let specs = waiting.iter().map(|(spec, _)| spec.clone()).collect();
            let tickets = line.tickets(specs).await?;
            for ((_, answer), ticket) in waiting.into_iter().zip(tickets) {
                // Nobody waits any more for one whose download was cancelled.
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
