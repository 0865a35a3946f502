//! Large files: several ranges at once, each written at its offset, and hashed from the start as far as there is no
//! gap. The hashing pass also writes the cache's copy.

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

use super::context::FetchContext;
use super::download::{Download, DownloadFailure, Origin};
use super::install::{CacheCopy, Installer};
use super::resumable_stream::{Opened, ResumableStream};
use super::resume_file::{PieceLayout, PieceWriter, ResumeFile};
use crate::blocking::{BUFFERED, BackgroundWriter, run_tracked, unwrap_join};
use crate::hashing::hash_beside;

/// Outcome of a ranged download.
pub(super) enum RangedOutcome {
    Installed(u64),
    /// The content turned out to be a local file.
    File(PathBuf),
}

/// Returns the piece layout of a download that is large enough for ranges.
pub(super) fn layout(context: &FetchContext, download: &Download) -> Option<PieceLayout> {
    let limits = &context.limits;
    match (&download.origin, download.digest, download.size) {
        (Origin::Stored(_), Some(digest), Some(size)) if limits.parted_from.max(1) <= size => {
            Some(PieceLayout {
                digest,
                size,
                piece: limits.piece_bytes.max(1),
            })
        }
        _ => None,
    }
}

/// Downloads a file in ranges and installs it. Pieces that an earlier process left are not downloaded again.
pub(super) async fn fetch(
    context: &Arc<FetchContext>,
    installer: &Arc<Installer>,
    download: &Download,
    layout: PieceLayout,
) -> Result<RangedOutcome, DownloadFailure> {
    let download = &Arc::new(download.clone());
    let folder = installer.resume_folder();
    let resumed = {
        let folder = folder.clone();
        run_tracked(&installer.tracker, move || {
            ResumeFile::resume(&folder, layout)
        })
        .await
    };
    let part_bytes = part_bytes(context, layout);
    let (resume_file, first) = if let Some(resume_file) = resumed {
        (resume_file, None)
    } else {
        // Opened before the resume file is created, because a local file needs none. The memory permit comes before the
        // stream permit, as everywhere, so that no two tasks wait for each other.
        let memory = context.memory_permit(BUFFERED).await;
        let range = 0..part_bytes.min(layout.size);
        match ResumableStream::open(context, download, Some(range)).await? {
            Opened::File(file) => return Ok(RangedOutcome::File(file)),
            Opened::Stream(stream) => {
                let own = installer.new_staged_path();
                let begun = run_tracked(&installer.tracker, move || {
                    ResumeFile::begin(&folder, layout, &own)
                })
                .await;
                let resume_file = begun.map_err(|error| failed(installer, download, error))?;
                (resume_file, Some((stream, memory)))
            }
        }
    };
    let (resume_file, cache_copy) = {
        let (installer, download) = (Arc::clone(installer), Arc::clone(download));
        let tracker = installer.tracker.clone();
        run_tracked(&tracker, move || {
            let cache_copy = installer.begin_cache_copy(&download, &resume_file.path);
            (Arc::new(resume_file), Arc::new(cache_copy))
        })
        .await
    };
    let missing = resume_file.missing();
    let missing_bytes: u64 = missing.iter().map(|range| range.end - range.start).sum();
    download
        .progress
        .add(layout.size - missing_bytes, &*context.flow.progress);
    let mut transfer = PartTransfers {
        context,
        installer,
        download,
        todo: split_into_parts(missing, part_bytes),
        first,
        parts: FuturesUnordered::new(),
        resume_file: Arc::clone(&resume_file),
        cache_copy: Arc::clone(&cache_copy),
    };
    let digest = match transfer.run().await? {
        Ending::Complete(digest) => digest,
        Ending::File(file) => {
            resume_file.discard();
            return Ok(RangedOutcome::File(file));
        }
    };
    drop(transfer);
    let (installer, download) = (Arc::clone(installer), Arc::clone(download));
    let tracker = installer.tracker.clone();
    run_tracked(&tracker, move || {
        install(&installer, &download, &resume_file, &cache_copy, digest)
    })
    .await
}

fn install(
    installer: &Installer,
    download: &Download,
    resume_file: &ResumeFile,
    cache_copy: &CacheCopy,
    digest: ContentDigest,
) -> Result<RangedOutcome, DownloadFailure> {
    let size = resume_file.layout.size;
    if let Err(error) = download.verify(size, Some(digest)) {
        resume_file.discard();
        return Err(DownloadFailure::Retryable(error));
    }
    installer
        .install_with_copy(download, &resume_file.path, resume_file.file(), cache_copy)
        .map_err(|error| failed(installer, download, error))?;
    resume_file.remove_record();
    Ok(RangedOutcome::Installed(size))
}

fn failed(installer: &Installer, download: &Download, error: io::Error) -> DownloadFailure {
    DownloadFailure::Fatal(installer.write_error(&download.path, error))
}

/// Returns the length of a range: a whole number of pieces.
fn part_bytes(context: &FetchContext, layout: PieceLayout) -> u64 {
    let pieces = context.limits.part_bytes / layout.piece;
    pieces.max(1).saturating_mul(layout.piece)
}

/// Splits `ranges`, which start at pieces, into ranges of at most `part` bytes.
fn split_into_parts(ranges: Vec<Range<u64>>, part: u64) -> VecDeque<Range<u64>> {
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

/// Outcome of transferring all ranges.
enum Ending {
    Complete(ContentDigest),
    File(PathBuf),
}

/// An open stream and the permit for its memory.
type Open = (Box<ResumableStream>, OwnedSemaphorePermit);

type Part = BoxFuture<'static, Result<Option<PathBuf>, DownloadFailure>>;

/// The ranges of one file being transferred.
struct PartTransfers<'a> {
    context: &'a Arc<FetchContext>,
    installer: &'a Arc<Installer>,
    download: &'a Arc<Download>,
    resume_file: Arc<ResumeFile>,
    cache_copy: Arc<CacheCopy>,
    todo: VecDeque<Range<u64>>,
    /// The first range, if it is open already.
    first: Option<Open>,
    parts: FuturesUnordered<Part>,
}

impl PartTransfers<'_> {
    async fn run(&mut self) -> Result<Ending, DownloadFailure> {
        let size = self.resume_file.layout.size;
        let mut prefix = PrefixState::Idle(PrefixHasher::new(&self.resume_file, &self.cache_copy));
        loop {
            self.start_parts();
            prefix = prefix.advance(self.installer, &self.resume_file);
            let failure = |error| failed(self.installer, self.download, error);
            match &mut prefix {
                PrefixState::Idle(done) if self.parts.is_empty() && done.at == size => {
                    break;
                }
                PrefixState::Idle(_) => match self.parts.next().await {
                    Some(part) => {
                        if let Some(file) = part? {
                            return Ok(Ending::File(file));
                        }
                    }
                    None => return Err(failure(io::Error::other("a piece is missing"))),
                },
                PrefixState::Busy(job) => {
                    tokio::select! {
                        Some(part) = self.parts.next() => {
                            if let Some(file) = part? {
                                return Ok(Ending::File(file));
                            }
                        }
                        hashed = job => {
                            prefix = PrefixState::Idle(unwrap_join(hashed).map_err(failure)?);
                        }
                    }
                }
            }
        }
        match prefix {
            PrefixState::Idle(prefix) => Ok(Ending::Complete(prefix.hasher.finish())),
            PrefixState::Busy(_) => unreachable!("the loop ends when it is idle"),
        }
    }

    fn start_parts(&mut self) {
        while self.parts.len() < self.context.limits.parts_at_once.max(1)
            && let Some(range) = self.todo.pop_front()
        {
            // The missing ranges are known only now, so the open stream may be of no use.
            let first = self.first.take().filter(|_| range.start == 0);
            self.parts.push(Box::pin(download_part(
                Arc::clone(self.context),
                Arc::clone(self.installer),
                Arc::clone(self.download),
                self.resume_file.writer(range.start, &self.cache_copy),
                range,
                first,
            )));
        }
    }
}

/// Downloads one range; returns a path if the content is a local file.
async fn download_part(
    context: Arc<FetchContext>,
    installer: Arc<Installer>,
    download: Arc<Download>,
    writer: PieceWriter,
    range: Range<u64>,
    first: Option<Open>,
) -> Result<Option<PathBuf>, DownloadFailure> {
    let (mut stream, _memory) = if let Some(open) = first {
        open
    } else {
        let memory = context.memory_permit(BUFFERED).await;
        match ResumableStream::open(&context, &download, Some(range)).await? {
            Opened::Stream(stream) => (stream, memory),
            Opened::File(file) => return Ok(Some(file)),
        }
    };
    let mut background = BackgroundWriter::new(installer.tracker.clone(), writer);
    while let Some(chunk) = stream.next().await? {
        let taken = background.write(chunk).await;
        taken.map_err(|error| failed(&installer, &download, error))?;
    }
    drop(stream);
    let written = background.finish().await;
    written.map_err(|error| failed(&installer, &download, error))?;
    Ok(None)
}

/// Hash of the file's gapless beginning.
struct PrefixHasher {
    path: PathBuf,
    file: Option<File>,
    cache_copy: Arc<CacheCopy>,
    hasher: ContentHasher,
    at: u64,
}

impl PrefixHasher {
    fn new(resume_file: &ResumeFile, cache_copy: &Arc<CacheCopy>) -> Self {
        Self {
            path: resume_file.path.clone(),
            file: None,
            cache_copy: Arc::clone(cache_copy),
            hasher: ContentHasher::new(resume_file.layout.digest.algorithm()),
            at: 0,
        }
    }

    /// Reads up to `end`, mostly from the page cache.
    fn read(mut self, end: u64) -> io::Result<Self> {
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(File::open(&self.path)?),
        };
        let take = |bytes: &[u8]| {
            self.cache_copy.write(bytes);
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

enum PrefixState {
    Idle(PrefixHasher),
    Busy(JoinHandle<io::Result<PrefixHasher>>),
}

impl PrefixState {
    /// Starts hashing the bytes that have closed the gap since.
    fn advance(self, installer: &Installer, resume_file: &ResumeFile) -> Self {
        let end = resume_file.leading();
        match self {
            Self::Idle(prefix) if prefix.at < end => {
                Self::Busy(installer.tracker.spawn_blocking(move || prefix.read(end)))
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
            split_into_parts(vec![0..10, 20..25], 4),
            [0..4, 4..8, 8..10, 20..24, 24..25]
        );
        assert_eq!(split_into_parts(vec![0..3, 9..10], 4), [0..3, 9..10]);
        assert_eq!(split_into_parts(Vec::new(), 4), [0..0; 0]);
    }
}
