//! Schedules the downloads of one call: streams, the files collected from them, and local files, all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use artifact_core::LogicalPath;
use artifact_core::ports::ResolveError;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::task::JoinHandle;

use super::context::FetchContext;
use super::download::{Download, DownloadFailure, DownloadOutcome, DownloadResult};
use super::install::Installer;
use super::local_copies::{LocalSource, install_local};
use super::ranged_download::{self, RangedOutcome};
use super::resumable_stream::{Opened, ResumableStream};
use super::single_stream::{self, CollectedFile, install_collected};
use super::tickets::TicketPrefetcher;
use crate::blocking::unwrap_join;
use crate::{FlowError, parallel};

/// Totals of a call.
#[derive(Debug, Default)]
pub(super) struct Transferred {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) missing_references: Vec<LogicalPath>,
}

/// Downloads and installs every one of `downloads`.
pub(super) async fn run(
    context: &Arc<FetchContext>,
    installer: &Arc<Installer>,
    downloads: Vec<Download>,
    allow_missing_references: bool,
) -> Result<Transferred, FlowError> {
    let scheduler = Scheduler {
        context: Arc::clone(context),
        installer: Arc::clone(installer),
        prefetcher: TicketPrefetcher::new(context, &installer.tracker, downloads),
        transfers: FuturesUnordered::new(),
        opening: Arc::default(),
        local: Vec::new(),
        is_local_batch_complete: false,
        collected: Vec::new(),
        installing: FuturesUnordered::new(),
        writing: FuturesUnordered::new(),
        allow_missing_references,
        totals: Transferred::default(),
    };
    scheduler.run().await
}

struct Scheduler {
    context: Arc<FetchContext>,
    installer: Arc<Installer>,
    prefetcher: TicketPrefetcher,
    /// Downloads being transferred.
    transfers: FuturesUnordered<BoxFuture<'static, DownloadResult>>,
    /// Transfers that may still turn out to be local files.
    opening: Arc<AtomicUsize>,
    /// Local files waiting to be installed.
    local: Vec<LocalSource>,
    /// Whether `local` holds a whole batch, so that there is no more to wait for.
    is_local_batch_complete: bool,
    collected: Vec<CollectedFile>,
    /// At most one at a time, because it uses all cores.
    installing: FuturesUnordered<JoinHandle<Result<Vec<DownloadResult>, FlowError>>>,
    writing: FuturesUnordered<JoinHandle<Vec<DownloadResult>>>,
    allow_missing_references: bool,
    totals: Transferred,
}

impl Scheduler {
    async fn run(mut self) -> Result<Transferred, FlowError> {
        loop {
            self.start_ready();
            tokio::select! {
                Some(placed) = self.installing.next() => {
                    for result in unwrap_join(placed)? {
                        self.record(result)?;
                    }
                }
                Some(written) = self.writing.next() => {
                    for result in unwrap_join(written) {
                        self.record(result)?;
                    }
                }
                Some(result) = self.transfers.next() => self.record(result)?,
                Some(batch) = self.prefetcher.next_batch() => {
                    let cached = batch?.cached;
                    self.is_local_batch_complete |= !cached.is_empty();
                    self.local.extend(cached);
                }
                else => return Ok(self.totals),
            }
        }
    }

    /// Starts all work that there is room for.
    fn start_ready(&mut self) {
        /// Files per write job.
        const BODIES: usize = 256;
        let limits = &self.context.limits;
        while self.transfers.len() < limits.streams.max(1)
            && self.local.len() < limits.batch.max(1)
            && let Some(download) = self.prefetcher.next()
        {
            let opening = OpeningGuard::new(&self.opening);
            let (context, installer) = (Arc::clone(&self.context), Arc::clone(&self.installer));
            self.transfers.push(Box::pin(self::download(
                context, installer, download, opening,
            )));
        }
        let is_no_more_coming =
            !self.prefetcher.has_ready() && self.opening.load(Ordering::Relaxed) == 0;
        let is_time =
            self.is_local_batch_complete || is_no_more_coming || limits.batch <= self.local.len();
        if self.installing.is_empty() && !self.local.is_empty() && is_time {
            self.is_local_batch_complete = false;
            let (installer, local) = (Arc::clone(&self.installer), std::mem::take(&mut self.local));
            let job = self
                .installer
                .tracker
                .spawn_blocking(move || install_local(&installer, local));
            self.installing.push(job);
        }
        // The first job starts at once; another only for as many files as are worth a thread.
        while self.writing.len() < writers()
            && (self.writing.is_empty() || BODIES / 4 <= self.collected.len())
            && !self.collected.is_empty()
        {
            let rest = self.collected.len().saturating_sub(BODIES);
            let (installer, collected) =
                (Arc::clone(&self.installer), self.collected.split_off(rest));
            let job = self
                .installer
                .tracker
                .spawn_blocking(move || install_collected(&installer, collected));
            self.writing.push(job);
        }
    }

    fn record(&mut self, result: DownloadResult) -> Result<(), FlowError> {
        let DownloadResult {
            mut download,
            result,
        } = result;
        match result {
            Ok(DownloadOutcome::Installed(bytes)) => {
                self.totals.files += 1;
                self.totals.bytes += bytes;
            }
            Ok(DownloadOutcome::Collected(bytes, memory)) => self.collected.push(CollectedFile {
                download,
                bytes,
                memory,
            }),
            Ok(DownloadOutcome::Local(file)) => self.local.push(LocalSource {
                download,
                file,
                is_cached: false,
            }),
            Ok(DownloadOutcome::NotCached) => self.prefetcher.retry(download),
            Err(DownloadFailure::Retryable(_)) if !download.is_retry => {
                download.is_retry = true;
                self.prefetcher.retry(download);
            }
            Err(DownloadFailure::Fatal(FlowError::Reference(ResolveError::NotFound {
                ..
            }))) if self.allow_missing_references => {
                self.totals.missing_references.push(download.path);
            }
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }
}

/// Returns the number of threads that write collected files: at least one writes while the next batch gathers.
fn writers() -> usize {
    parallel::processors().clamp(2, 8)
}

/// Counts a transfer that may still turn out to be a local file.
struct OpeningGuard(Arc<AtomicUsize>);

impl OpeningGuard {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for OpeningGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Transfers one download by the strategy for its length.
async fn download(
    context: Arc<FetchContext>,
    installer: Arc<Installer>,
    download: Download,
    opening: OpeningGuard,
) -> DownloadResult {
    if let Some(layout) = ranged_download::layout(&context, &download) {
        // Boxed, because few files are that large.
        let parted = Box::pin(ranged_download::fetch(
            &context, &installer, &download, layout,
        ))
        .await;
        return match parted {
            Ok(RangedOutcome::Installed(size)) => {
                DownloadResult::finished(download, DownloadOutcome::Installed(size))
            }
            Ok(RangedOutcome::File(file)) => {
                DownloadResult::finished(download, DownloadOutcome::Local(file))
            }
            Err(failure) => DownloadResult::failed(failure, download),
        };
    }
    let memory = context
        .memory_permit(single_stream::memory_needed(&context, &download))
        .await;
    let stream = match ResumableStream::open(&context, &download, None).await {
        Ok(Opened::File(file)) => {
            return DownloadResult::finished(download, DownloadOutcome::Local(file));
        }
        Ok(Opened::Stream(stream)) => stream,
        Err(failure) => return DownloadResult::failed(failure, download),
    };
    drop(opening);
    if !single_stream::is_collected(&context, &download) {
        return Box::pin(single_stream::stream_to_file(&installer, download, stream)).await;
    }
    match single_stream::collect(&download, stream).await {
        Ok(bytes) => DownloadResult::finished(download, DownloadOutcome::Collected(bytes, memory)),
        Err(failure) => DownloadResult::failed(failure, download),
    }
}
