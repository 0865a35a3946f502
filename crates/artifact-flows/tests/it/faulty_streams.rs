//! A line to the engine's content that is as slow and as unreliable as a test wants it to be.

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

/// What happens to one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// All that was asked for comes.
    Whole,
    /// The ticket is refused.
    Expired,
    /// The content is not there.
    Gone,
    /// So many bytes come, and then an error.
    Breaks(usize),
    /// So many bytes come, and then the ticket has expired.
    Expires(usize),
    /// So many bytes come, and then the end.
    Ends(usize),
    /// The byte at this place of the stream, or its last, is another.
    Flipped(usize),
    /// All comes, and more, for ever.
    Endless,
    /// Nothing comes, ever, after so many bytes.
    Stalls(usize),
}

/// A stream that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamRequest {
    /// The whole content.
    pub(crate) content: Bytes,
    pub(crate) range: Option<Range<u64>>,
    /// How often this content was asked for before.
    pub(crate) nth: usize,
    /// Which request of the registry gave the ticket.
    pub(crate) ticket: usize,
}

type Decide = Box<dyn Fn(&StreamRequest) -> Fault + Send + Sync>;

/// Gives streams in place of the engine's files; manifests come whole.
pub(crate) struct FaultyStreams {
    decide: Decide,
    chunk: usize,
    delay: Duration,
    asked: Mutex<Vec<StreamRequest>>,
    counts: Mutex<HashMap<PathBuf, usize>>,
    open_streams: Arc<Gauge>,
    bytes: Arc<Gauge>,
}

/// How much there is of something, and how much there was at most.
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

/// Bytes that count for as long as anybody holds them.
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

    /// Gives chunks of this length, one each `delay`.
    pub(crate) fn paced(mut self, chunk: usize, delay: Duration) -> Self {
        self.chunk = chunk;
        self.delay = delay;
        self
    }

    /// Returns what was asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<StreamRequest> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Returns the streams that are open.
    pub(crate) fn open_streams(&self) -> &Gauge {
        &self.open_streams
    }

    /// Returns the bytes that arrived and that somebody still holds.
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

/// Returns what `range` names of `content`.
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

/// A flow over a wire, and what the registry was asked for.
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

    /// Returns how many tickets each request to the registry asked for.
    pub(crate) fn requests(&self) -> Vec<usize> {
        self.requests.lock().unwrap().clone()
    }
}

/// Limits under which files of a few kilobytes take every way: up to 2,000 bytes are collected, from 50,000 on they come in
/// parts of 20,000, in pieces of 5,000.
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
