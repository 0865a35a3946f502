//! Keeps everything moving: streams, the files that were collected from them, and local files.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use artifact_core::LogicalPath;
use artifact_core::ports::ResolveError;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::task::JoinHandle;

use super::context::Line;
use super::download::{Arrival, Brought, Failure, Item};
use super::install::Placement;
use super::local_copies::{Local, place_all};
use super::ranged_download::{self, Parted};
use super::resumable_stream::{Feed, Opened};
use super::single_stream::{self, Body, place_bodies};
use super::tickets::Supply;
use crate::blocking::joined;
use crate::{FlowError, parallel};

/// What was placed, and what was not there to be placed.
#[derive(Debug, Default)]
pub(super) struct Driven {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) missing_references: Vec<LogicalPath>,
}

/// Places every one of `items`.
pub(super) async fn drive(
    line: &Arc<Line>,
    placement: &Arc<Placement>,
    items: Vec<Item>,
    allow_missing_references: bool,
) -> Result<Driven, FlowError> {
    let driver = Driver {
        line: Arc::clone(line),
        placement: Arc::clone(placement),
        supply: Supply::new(line, &placement.crew, items),
        moving: FuturesUnordered::new(),
        opening: Arc::default(),
        local: Vec::new(),
        is_local_complete: false,
        bodies: Vec::new(),
        placing: FuturesUnordered::new(),
        writing: FuturesUnordered::new(),
        allow_missing_references,
        driven: Driven::default(),
    };
    driver.run().await
}

struct Driver {
    line: Arc<Line>,
    placement: Arc<Placement>,
    supply: Supply,
    /// Items on their way from elsewhere.
    moving: FuturesUnordered<BoxFuture<'static, Brought>>,
    /// How many of them may still turn out to be local files.
    opening: Arc<AtomicUsize>,
    /// Files that are here, to be placed.
    local: Vec<Local>,
    /// Whether a batch of them came together, so that there is nothing to wait for.
    is_local_complete: bool,
    bodies: Vec<Body>,
    /// At most one, because it uses all cores.
    placing: FuturesUnordered<JoinHandle<Result<Vec<Brought>, FlowError>>>,
    writing: FuturesUnordered<JoinHandle<Vec<Brought>>>,
    allow_missing_references: bool,
    driven: Driven,
}

impl Driver {
    async fn run(mut self) -> Result<Driven, FlowError> {
        loop {
            self.start();
            tokio::select! {
                Some(placed) = self.placing.next() => {
                    for brought in joined(placed)? {
                        self.settle(brought)?;
                    }
                }
                Some(written) = self.writing.next() => {
                    for brought in joined(written) {
                        self.settle(brought)?;
                    }
                }
                Some(brought) = self.moving.next() => self.settle(brought)?,
                Some(batch) = self.supply.answered() => {
                    let cached = batch?.cached;
                    self.is_local_complete |= !cached.is_empty();
                    self.local.extend(cached);
                }
                else => return Ok(self.driven),
            }
        }
    }

    /// Starts whatever there is room for.
    fn start(&mut self) {
        /// How many files one of them takes at a time.
        const BODIES: usize = 256;
        let limits = &self.line.limits;
        while self.moving.len() < limits.streams.max(1)
            && self.local.len() < limits.batch.max(1)
            && let Some(item) = self.supply.next()
        {
            let opening = Opening::new(&self.opening);
            let (line, placement) = (Arc::clone(&self.line), Arc::clone(&self.placement));
            self.moving
                .push(Box::pin(bring(line, placement, item, opening)));
        }
        let is_no_more_coming =
            !self.supply.has_ready() && self.opening.load(Ordering::Relaxed) == 0;
        let is_time =
            self.is_local_complete || is_no_more_coming || limits.batch <= self.local.len();
        if self.placing.is_empty() && !self.local.is_empty() && is_time {
            self.is_local_complete = false;
            let (placement, local) = (Arc::clone(&self.placement), std::mem::take(&mut self.local));
            let job = self
                .placement
                .crew
                .start(move || place_all(&placement, local));
            self.placing.push(job);
        }
        // One at once; a further one only for as many as are worth a thread.
        while self.writing.len() < writers()
            && (self.writing.is_empty() || BODIES / 4 <= self.bodies.len())
            && !self.bodies.is_empty()
        {
            let rest = self.bodies.len().saturating_sub(BODIES);
            let (placement, bodies) = (Arc::clone(&self.placement), self.bodies.split_off(rest));
            let job = self
                .placement
                .crew
                .start(move || place_bodies(&placement, bodies));
            self.writing.push(job);
        }
    }

    fn settle(&mut self, brought: Brought) -> Result<(), FlowError> {
        let Brought { mut item, result } = brought;
        match result {
            Ok(Arrival::Placed(bytes)) => {
                self.driven.files += 1;
                self.driven.bytes += bytes;
            }
            Ok(Arrival::Collected(bytes, memory)) => self.bodies.push(Body {
                item,
                bytes,
                memory,
            }),
            Ok(Arrival::Local(file)) => self.local.push(Local {
                item,
                file,
                is_cached: false,
            }),
            Ok(Arrival::NotCached) => self.supply.again(item),
            Err(Failure::Wrong(_)) if !item.is_second_try => {
                item.is_second_try = true;
                self.supply.again(item);
            }
            Err(Failure::Final(FlowError::Reference(ResolveError::NotFound { .. })))
                if self.allow_missing_references =>
            {
                self.driven.missing_references.push(item.path);
            }
            Err(Failure::Wrong(error) | Failure::Final(error)) => return Err(error),
        }
        Ok(())
    }
}

/// Returns how many threads write what was collected: one writes while the next gathers.
fn writers() -> usize {
    parallel::processors().clamp(2, 8)
}

/// An item that may still turn out to be a local file.
struct Opening(Arc<AtomicUsize>);

impl Opening {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Brings one item here, in the way that its length asks for.
async fn bring(
    line: Arc<Line>,
    placement: Arc<Placement>,
    item: Item,
    opening: Opening,
) -> Brought {
    if let Some(shape) = ranged_download::shape(&line, &item) {
        // Boxed, because few files are so large.
        let parted = Box::pin(ranged_download::fetch(&line, &placement, &item, shape)).await;
        return match parted {
            Ok(Parted::Placed(size)) => Brought::arrived(item, Arrival::Placed(size)),
            Ok(Parted::File(file)) => Brought::arrived(item, Arrival::Local(file)),
            Err(failure) => Brought::failed(failure, item),
        };
    }
    let memory = line.memory(single_stream::memory_of(&line, &item)).await;
    let feed = match Feed::open(&line, &item, None).await {
        Ok(Opened::File(file)) => return Brought::arrived(item, Arrival::Local(file)),
        Ok(Opened::Feed(feed)) => feed,
        Err(failure) => return Brought::failed(failure, item),
    };
    drop(opening);
    if !single_stream::is_collected(&line, &item) {
        return Box::pin(single_stream::receive(&placement, item, feed)).await;
    }
    match single_stream::collect(&item, feed).await {
        Ok(bytes) => Brought::arrived(item, Arrival::Collected(bytes, memory)),
        Err(failure) => Brought::failed(failure, item),
    }
}
