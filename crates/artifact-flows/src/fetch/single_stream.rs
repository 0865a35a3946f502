//! Files in one stream: hashed while they are written, and placed when they are right.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;
use tokio::sync::OwnedSemaphorePermit;

use super::context::Line;
use super::download::{Arrival, Brought, Failure, Item};
use super::install::Placement;
use super::resumable_stream::Feed;
use crate::blocking::{BUFFERED, Background, Take};

/// A file that is collected in memory, and the permit for that memory.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) item: Item,
    pub(super) bytes: Vec<u8>,
    pub(super) memory: OwnedSemaphorePermit,
}

/// Whether the content of `item` is short enough to be collected in memory.
pub(super) fn is_collected(line: &Line, item: &Item) -> bool {
    item.size
        .is_some_and(|size| size <= line.limits.collected_bytes)
}

/// Returns how much memory `item` needs while it arrives.
pub(super) fn memory_of(line: &Line, item: &Item) -> u64 {
    match item.size {
        Some(size) if is_collected(line, item) => size,
        _ => BUFFERED,
    }
}

/// Collects all that `feed` gives.
pub(crate) async fn collect(item: &Item, mut feed: Box<Feed>) -> Result<Vec<u8>, Failure> {
    let size = item.size.unwrap_or_default();
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    while let Some(chunk) = feed.next().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Writes, hashes and places what `feed` gives.
pub(super) async fn receive(
    placement: &Arc<Placement>,
    item: Item,
    mut feed: Box<Feed>,
) -> Brought {
    let failed = |item: &Item, error| Failure::Final(placement.write_failed(&item.path, error));
    let taker = Staged::new(placement.staged(), &item);
    let mut background = Background::new(placement.crew.clone(), taker);
    loop {
        match feed.next().await {
            Ok(Some(chunk)) => {
                if let Err(error) = background.take(chunk).await {
                    return Brought::failed(failed(&item, error), item);
                }
            }
            Ok(None) => break,
            Err(failure) => return Brought::failed(failure, item),
        }
    }
    // The line is free for others while the rest is written.
    drop(feed);
    let taker = match background.finish().await {
        Ok(taker) => taker,
        Err(error) => return Brought::failed(failed(&item, error), item),
    };
    let worker = Arc::clone(placement);
    placement
        .crew
        .run(move || match taker.place(&worker, &item) {
            Ok(size) => Brought::arrived(item, Arrival::Placed(size)),
            Err(failure) => Brought::failed(failure, item),
        })
        .await
}

/// A file that is written and hashed.
struct Staged {
    path: PathBuf,
    /// Made with the first bytes, where that may block.
    file: Option<File>,
    hasher: Option<ContentHasher>,
    size: u64,
}

impl Staged {
    fn new(path: PathBuf, item: &Item) -> Self {
        Self {
            path,
            file: None,
            // Of what has no digest that could be compared, none is computed.
            hasher: item
                .digest
                .map(|digest| ContentHasher::new(digest.algorithm())),
            size: 0,
        }
    }

    fn file(&mut self) -> std::io::Result<&mut File> {
        if self.file.is_none() {
            self.file = Some(File::create(&self.path)?);
        }
        Ok(self.file.as_mut().expect("it was made just now"))
    }

    fn place(mut self, placement: &Placement, item: &Item) -> Result<u64, Failure> {
        let digest = self.hasher.take().map(ContentHasher::finish);
        if let Err(error) = item.check(self.size, digest) {
            // A second try needs the space.
            _ = std::fs::remove_file(&self.path);
            return Err(Failure::Wrong(error));
        }
        let path = self.path.clone();
        self.file()
            .and_then(|file| placement.appear(item, &path, file))
            .map_err(|error| placement.write_failed(&item.path, error))?;
        Ok(self.size)
    }
}

impl Take for Staged {
    fn take(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file()?.write_all(bytes)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        self.size += bytes.len() as u64;
        Ok(())
    }
}

/// Writes and places files that were collected, and returns what became of each.
pub(super) fn place_bodies(placement: &Placement, bodies: Vec<Body>) -> Vec<Brought> {
    let mut digests = vec![None; bodies.len()];
    for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Xxh128] {
        let of_this: Vec<usize> = (0..bodies.len())
            .filter(|index| {
                let digest = bodies[*index].item.digest;
                digest.map(|digest| digest.algorithm()) == Some(algorithm)
            })
            .collect();
        let contents: Vec<&[u8]> = of_this.iter().map(|index| &*bodies[*index].bytes).collect();
        for (index, digest) in of_this
            .iter()
            .zip(crate::hashing::digest_each(algorithm, &contents))
        {
            digests[*index] = Some(digest);
        }
    }
    bodies
        .into_iter()
        .zip(digests)
        .map(|(body, digest)| {
            let placed = place_body(placement, &body, digest);
            let Body {
                item,
                bytes,
                memory,
            } = body;
            drop((bytes, memory));
            match placed {
                Ok(size) => Brought::arrived(item, Arrival::Placed(size)),
                Err(failure) => Brought::failed(failure, item),
            }
        })
        .collect()
}

fn place_body(
    placement: &Placement,
    body: &Body,
    digest: Option<ContentDigest>,
) -> Result<u64, Failure> {
    let size = body.bytes.len() as u64;
    body.item.check(size, digest).map_err(Failure::Wrong)?;
    let staged = placement.staged();
    File::create(&staged)
        .and_then(|mut file| {
            file.write_all(&body.bytes)?;
            placement.appear_with(&body.item, &staged, &file, &body.bytes)
        })
        .map_err(|error| placement.write_failed(&body.item.path, error))?;
    Ok(size)
}
