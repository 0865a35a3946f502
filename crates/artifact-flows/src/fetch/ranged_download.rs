//! Large files: several parts at once, each at its place, hashed from the start on as far as there is no gap. What is
//! hashed is written a second time meanwhile, for the cache.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ContentDigest;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use manifest::ContentHasher;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::context::Line;
use super::download::{Failure, Item, Origin};
use super::install::{Placement, Twin};
use super::resumable_stream::{Feed, Opened};
use super::resume_file::{Partial, PieceWriter, Shape};
use crate::blocking::{BUFFERED, Background, joined};
use crate::hashing::hash_beside;

/// What fetching in parts came to.
pub(super) enum Parted {
    Placed(u64),
    /// The content is in a local file after all.
    File(PathBuf),
}

/// Returns how `item` is fetched in parts, where that is worth it.
pub(super) fn shape(line: &Line, item: &Item) -> Option<Shape> {
    let limits = &line.limits;
    match (&item.origin, item.digest, item.size) {
        (Origin::Stored(_), Some(digest), Some(size)) if limits.parted_from.max(1) <= size => {
            Some(Shape {
                digest,
                size,
                piece: limits.piece_bytes.max(1),
            })
        }
        _ => None,
    }
}

/// Fetches `item` in parts, and places it. What an earlier process left of it is not fetched again.
pub(super) async fn fetch(
    line: &Arc<Line>,
    placement: &Arc<Placement>,
    item: &Item,
    shape: Shape,
) -> Result<Parted, Failure> {
    let item = &Arc::new(item.clone());
    let folder = placement.half_files();
    let resumed = {
        let folder = folder.clone();
        placement
            .crew
            .run(move || Partial::resume(&folder, shape))
            .await
    };
    let part_bytes = part_bytes(line, shape);
    let (partial, first) = if let Some(partial) = resumed {
        (partial, None)
    } else {
        // First of all, because of a local file nothing has to be begun. Memory comes before the stream, as everywhere: so
        // nobody who has the one waits for somebody who waits for the other.
        let memory = line.memory(BUFFERED).await;
        let range = 0..part_bytes.min(shape.size);
        match Feed::open(line, item, Some(range)).await? {
            Opened::File(file) => return Ok(Parted::File(file)),
            Opened::Feed(feed) => {
                let own = placement.staged();
                let begun = placement
                    .crew
                    .run(move || Partial::begin(&folder, shape, &own))
                    .await;
                let partial = begun.map_err(|error| failed(placement, item, error))?;
                (partial, Some((feed, memory)))
            }
        }
    };
    let (partial, twin) = {
        let (placement, item) = (Arc::clone(placement), Arc::clone(item));
        let crew = placement.crew.clone();
        crew.run(move || {
            let twin = placement.twin(&item, &partial.path);
            (Arc::new(partial), Arc::new(twin))
        })
        .await
    };
    let missing = partial.missing();
    let missing_bytes: u64 = missing.iter().map(|range| range.end - range.start).sum();
    item.tally
        .arrive(shape.size - missing_bytes, &*line.flow.progress);
    let mut transfer = Transfer {
        line,
        placement,
        item,
        todo: cut(missing, part_bytes),
        first,
        parts: FuturesUnordered::new(),
        partial: Arc::clone(&partial),
        twin: Arc::clone(&twin),
    };
    let digest = match transfer.run().await? {
        Ended::Complete(digest) => digest,
        Ended::File(file) => {
            partial.discard();
            return Ok(Parted::File(file));
        }
    };
    drop(transfer);
    let (placement, item) = (Arc::clone(placement), Arc::clone(item));
    let crew = placement.crew.clone();
    crew.run(move || place(&placement, &item, &partial, &twin, digest))
        .await
}

fn place(
    placement: &Placement,
    item: &Item,
    partial: &Partial,
    twin: &Twin,
    digest: ContentDigest,
) -> Result<Parted, Failure> {
    let size = partial.shape.size;
    if let Err(error) = item.check(size, Some(digest)) {
        partial.discard();
        return Err(Failure::Wrong(error));
    }
    placement
        .appear_twice(item, &partial.path, partial.file(), twin)
        .map_err(|error| failed(placement, item, error))?;
    partial.remove_record();
    Ok(Parted::Placed(size))
}

fn failed(placement: &Placement, item: &Item, error: io::Error) -> Failure {
    Failure::Final(placement.write_failed(&item.path, error))
}

/// Returns the length of a part, which is a number of whole pieces.
fn part_bytes(line: &Line, shape: Shape) -> u64 {
    let pieces = line.limits.part_bytes / shape.piece;
    pieces.max(1).saturating_mul(shape.piece)
}

/// Cuts `ranges`, which begin with pieces, into parts.
fn cut(ranges: Vec<Range<u64>>, part: u64) -> VecDeque<Range<u64>> {
    let mut parts = VecDeque::new();
    for range in ranges {
        let mut start = range.start;
        while start < range.end {
            let end = start.saturating_add(part).min(range.end);
            parts.push_back(start..end);
            start = end;
        }
    }
    parts
}

/// How a transfer ended.
enum Ended {
    Complete(ContentDigest),
    File(PathBuf),
}

/// An open stream, and the permit for the memory that it needs.
type Open = (Box<Feed>, OwnedSemaphorePermit);

type Part = BoxFuture<'static, Result<Option<PathBuf>, Failure>>;

/// Parts of one file on their way.
struct Transfer<'a> {
    line: &'a Arc<Line>,
    placement: &'a Arc<Placement>,
    item: &'a Arc<Item>,
    partial: Arc<Partial>,
    twin: Arc<Twin>,
    todo: VecDeque<Range<u64>>,
    /// The first part, where it is open already.
    first: Option<Open>,
    parts: FuturesUnordered<Part>,
}

impl Transfer<'_> {
    async fn run(&mut self) -> Result<Ended, Failure> {
        let size = self.partial.shape.size;
        let mut prefix = Hashing::Idle(Prefix::new(&self.partial, &self.twin));
        loop {
            self.fill();
            prefix = prefix.go_on(self.placement, &self.partial);
            let failure = |error| failed(self.placement, self.item, error);
            match &mut prefix {
                Hashing::Idle(done) if self.parts.is_empty() && done.at == size => {
                    break;
                }
                Hashing::Idle(_) => match self.parts.next().await {
                    Some(part) => {
                        if let Some(file) = part? {
                            return Ok(Ended::File(file));
                        }
                    }
                    None => return Err(failure(io::Error::other("a piece is nowhere"))),
                },
                Hashing::Busy(job) => {
                    tokio::select! {
                        Some(part) = self.parts.next() => {
                            if let Some(file) = part? {
                                return Ok(Ended::File(file));
                            }
                        }
                        hashed = job => {
                            prefix = Hashing::Idle(joined(hashed).map_err(failure)?);
                        }
                    }
                }
            }
        }
        match prefix {
            Hashing::Idle(prefix) => Ok(Ended::Complete(prefix.hasher.finish())),
            Hashing::Busy(_) => unreachable!("the loop ends when it is idle"),
        }
    }

    fn fill(&mut self) {
        while self.parts.len() < self.line.limits.parts_at_once.max(1)
            && let Some(range) = self.todo.pop_front()
        {
            // What is there already shows only now, so what was opened may be of no use.
            let first = self.first.take().filter(|_| range.start == 0);
            self.parts.push(Box::pin(part(
                Arc::clone(self.line),
                Arc::clone(self.placement),
                Arc::clone(self.item),
                self.partial.writer(range.start, &self.twin),
                range,
                first,
            )));
        }
    }
}

/// Brings one part to its place; gives a path where the content is a local file.
async fn part(
    line: Arc<Line>,
    placement: Arc<Placement>,
    item: Arc<Item>,
    writer: PieceWriter,
    range: Range<u64>,
    first: Option<Open>,
) -> Result<Option<PathBuf>, Failure> {
    let (mut feed, _memory) = if let Some(open) = first {
        open
    } else {
        let memory = line.memory(BUFFERED).await;
        match Feed::open(&line, &item, Some(range)).await? {
            Opened::Feed(feed) => (feed, memory),
            Opened::File(file) => return Ok(Some(file)),
        }
    };
    let mut background = Background::new(placement.crew.clone(), writer);
    while let Some(chunk) = feed.next().await? {
        let taken = background.take(chunk).await;
        taken.map_err(|error| failed(&placement, &item, error))?;
    }
    drop(feed);
    let written = background.finish().await;
    written.map_err(|error| failed(&placement, &item, error))?;
    Ok(None)
}

/// The hash of the beginning of the file.
struct Prefix {
    path: PathBuf,
    file: Option<File>,
    twin: Arc<Twin>,
    hasher: ContentHasher,
    at: u64,
}

impl Prefix {
    fn new(partial: &Partial, twin: &Arc<Twin>) -> Self {
        Self {
            path: partial.path.clone(),
            file: None,
            twin: Arc::clone(twin),
            hasher: ContentHasher::new(partial.shape.digest.algorithm()),
            at: 0,
        }
    }

    /// Reads what was written just now, mostly from memory, up to `end`.
    fn read(mut self, end: u64) -> io::Result<Self> {
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(File::open(&self.path)?),
        };
        let take = |bytes: &[u8]| {
            self.twin.write(bytes);
            Ok::<_, io::Error>(())
        };
        let (hasher, read) = hash_beside(file, end - self.at, self.hasher, take)??;
        self.hasher = hasher;
        self.at += read;
        if self.at < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self)
    }
}

enum Hashing {
    Idle(Prefix),
    Busy(JoinHandle<io::Result<Prefix>>),
}

impl Hashing {
    /// Hashes what has become part of the beginning.
    fn go_on(self, placement: &Placement, partial: &Partial) -> Self {
        let end = partial.leading();
        match self {
            Self::Idle(prefix) if prefix.at < end => {
                Self::Busy(placement.crew.start(move || prefix.read(end)))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_what_is_missing_and_nothing_else() {
        assert_eq!(
            cut(vec![0..10, 20..25], 4),
            [0..4, 4..8, 8..10, 20..24, 24..25]
        );
        assert_eq!(cut(vec![0..3, 9..10], 4), [0..3, 9..10]);
        assert_eq!(cut(Vec::new(), 4), [0..0; 0]);
    }
}
