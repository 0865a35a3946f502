//! Items that are ready to be fetched: what the cache has is found, and of the rest the tickets are asked for while the
//! batch before is still on its way.

use std::collections::VecDeque;
use std::sync::Arc;

use artifact_core::ports::ContentCache;
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
