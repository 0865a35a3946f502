//! Download streams from the engine's content, slow and unreliable at the test's choice.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifact_core::ports::{BlobTransfer, ByteStream, DownloadTicket, Fetched, TransferError};
use artifact_flows::{FetchLimits, Flow};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;

use crate::intercepted_registry::InterceptedRegistry;
use crate::intercepted_transfer::{DownloadHook, InterceptedTransfer};
use crate::workbench::Workbench;

/// The fault of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No fault.
    Whole,
    /// The ticket is refused.
    Expired,
    /// The content is not there.
    Gone,
    /// An error after this many bytes.
    Breaks(usize),
    /// The ticket expires after this many bytes.
    Expires(usize),
    /// The stream ends after this many bytes.
    Ends(usize),
    /// The byte at this offset, or the last one, is flipped.
    Flipped(usize),
    /// The whole content, and then more bytes without end.
    Endless,
    /// The stream stalls forever after this many bytes.
    Stalls(usize),
}

/// A requested stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamRequest {
    /// The whole content.
    pub(crate) content: Bytes,
    pub(crate) range: Option<Range<u64>>,
    /// Number of earlier requests for this content.
    pub(crate) nth: usize,
    /// The registry request that the ticket came from.
    pub(crate) ticket: usize,
}

type Decide = Box<dyn Fn(&StreamRequest) -> Fault + Send + Sync>;

/// Replaces the engine's files by streams; manifests are unchanged.
pub(crate) struct FaultyStreams {
    decide: Decide,
    chunk: usize,
    delay: Duration,
    asked: Mutex<Vec<StreamRequest>>,
    counts: Mutex<HashMap<PathBuf, usize>>,
    open_streams: Arc<Gauge>,
    bytes: Arc<Gauge>,
}

/// A current value and its maximum.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    fn add(self: &Arc<Self>, count: usize) -> Counted {
        let now = self.now.fetch_add(count, Ordering::SeqCst) + count;
        self.most.fetch_max(now, Ordering::SeqCst);
        Counted(Arc::clone(self), count)
    }

    pub(crate) fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }

    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

struct Counted(Arc<Gauge>, usize);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.now.fetch_sub(self.1, Ordering::SeqCst);
    }
}

/// Bytes that are counted until dropped.
struct Held(Vec<u8>, #[expect(dead_code, reason = "counts")] Counted);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FaultyStreams {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wire(..)")
    }
}

impl FaultyStreams {
    pub(crate) fn new(decide: impl Fn(&StreamRequest) -> Fault + Send + Sync + 'static) -> Self {
        Self {
            decide: Box::new(decide),
            chunk: 10_000,
            delay: Duration::ZERO,
            asked: Mutex::default(),
            counts: Mutex::default(),
            open_streams: Arc::default(),
            bytes: Arc::default(),
        }
    }

    /// Sends chunks of this length, one per `delay`.
    pub(crate) fn paced(mut self, chunk: usize, delay: Duration) -> Self {
        self.chunk = chunk;
        self.delay = delay;
        self
    }

    /// Returns the requests since the last call.
    pub(crate) fn asked(&self) -> Vec<StreamRequest> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Returns the gauge of open streams.
    pub(crate) fn open_streams(&self) -> &Gauge {
        &self.open_streams
    }

    /// Returns the gauge of received bytes that are still in memory.
    pub(crate) fn bytes(&self) -> &Gauge {
        &self.bytes
    }

    fn stream(&self, content: Vec<u8>, fate: Fault) -> ByteStream {
        let mut content = content;
        let mut end = None;
        let mut is_endless = false;
        match fate {
            Fault::Breaks(at) => {
                content.truncate(at);
                end = Some(End::Error(broken()));
            }
            Fault::Expires(at) => {
                content.truncate(at);
                end = Some(End::Error(expired()));
            }
            Fault::Stalls(at) => {
                content.truncate(at);
                end = Some(End::Never);
            }
            Fault::Ends(at) => content.truncate(at),
            Fault::Flipped(at) => {
                let at = at.min(content.len().saturating_sub(1));
                if let Some(byte) = content.get_mut(at) {
                    *byte ^= 0x10;
                }
            }
            Fault::Endless => is_endless = true,
            Fault::Whole | Fault::Expired | Fault::Gone => {}
        }
        let chunks: Vec<Vec<u8>> = content.chunks(self.chunk).map(<[u8]>::to_vec).collect();
        let state = State {
            chunks: chunks.into_iter(),
            end,
            is_endless,
            _open: self.open_streams.add(1),
        };
        let (delay, gauge) = (self.delay, Arc::clone(&self.bytes));
        Box::pin(stream::unfold(state, move |mut state| {
            let gauge = Arc::clone(&gauge);
            async move {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                let chunk = state
                    .chunks
                    .next()
                    .or_else(|| state.is_endless.then(|| vec![0; 1_000]));
                if let Some(chunk) = chunk {
                    let counted = gauge.add(chunk.len());
                    return Some((Ok(Bytes::from_owner(Held(chunk, counted))), state));
                }
                match state.end.take()? {
                    End::Error(error) => Some((Err(error), state)),
                    End::Never => std::future::pending().await,
                }
            }
        }))
    }
}

struct State {
    chunks: std::vec::IntoIter<Vec<u8>>,
    end: Option<End>,
    is_endless: bool,
    _open: Counted,
}

enum End {
    Error(TransferError),
    Never,
}

/// Returns the bytes of `range`.
pub(crate) fn part(content: &[u8], range: Option<&Range<u64>>) -> Vec<u8> {
    let place = |place: u64| usize::try_from(place).unwrap();
    match range {
        Some(Range { start, end }) => content[place(*start)..place(*end)].to_vec(),
        None => content.to_vec(),
    }
}

fn broken() -> TransferError {
    TransferError::Backend {
        place: "the wire".into(),
        source: "connection reset".into(),
    }
}

fn expired() -> TransferError {
    TransferError::Expired {
        place: "the wire".into(),
    }
}

#[async_trait]
impl DownloadHook for FaultyStreams {
    async fn download(
        &self,
        inner: &dyn BlobTransfer,
        ticket: &DownloadTicket,
        range: Option<Range<u64>>,
    ) -> Result<Fetched, TransferError> {
        let Some((number, locator)) = ticket.locator.split_once('|') else {
            return inner.download(ticket, range).await;
        };
        let locator = locator.to_owned();
        let fetched = inner.download(&DownloadTicket { locator }, None).await?;
        let Fetched::File(path) = fetched else {
            panic!("the engine gives files");
        };
        let content = std::fs::read(&path).unwrap();
        let part = part(&content, range.as_ref());
        let nth = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(path).or_default();
            *count += 1;
            *count - 1
        };
        let asked = StreamRequest {
            content: content.into(),
            range,
            nth,
            ticket: number.parse().unwrap(),
        };
        let fate = (self.decide)(&asked);
        self.asked.lock().unwrap().push(asked);
        match fate {
            Fault::Expired => Err(expired()),
            Fault::Gone => Err(TransferError::Gone {
                place: "the wire".into(),
            }),
            fate => Ok(Fetched::Stream(self.stream(part, fate))),
        }
    }
}

/// Dependencies with faulty streams, and the registry's ticket requests.
pub(crate) struct FaultyFlow {
    pub(crate) flow: Flow,
    pub(crate) streams: Arc<FaultyStreams>,
    requests: Arc<Mutex<Vec<usize>>>,
}

impl FaultyFlow {
    pub(crate) fn new(bench: &Workbench, streams: FaultyStreams) -> Self {
        let (streams, requests) = (Arc::new(streams), Arc::default());
        let transfer = InterceptedTransfer::new(&bench.flow.transfer).downloading(streams.clone());
        let flow = Flow {
            registry: Arc::new(InterceptedRegistry::numbering(
                &bench.flow.registry,
                &requests,
            )),
            transfer: transfer.shared(),
            ..bench.flow.clone()
        };
        Self {
            flow,
            streams,
            requests,
        }
    }

    /// Returns the number of tickets in each request to the registry.
    pub(crate) fn requests(&self) -> Vec<usize> {
        self.requests.lock().unwrap().clone()
    }
}

/// Limits under which files of a few kilobytes take every strategy: up to 2,000 bytes are collected, from 50,000 on
/// they are downloaded in ranges of 20,000, in pieces of 5,000.
pub(crate) fn small_limits() -> FetchLimits {
    FetchLimits {
        streams: 8,
        buffered_bytes: 64 << 20,
        collected_bytes: 2_000,
        parted_from: 50_000,
        part_bytes: 20_000,
        piece_bytes: 5_000,
        parts_at_once: 3,
        batch: 10,
    }
}
