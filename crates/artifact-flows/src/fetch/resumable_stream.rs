//! One content, as one stream, however often it breaks off.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use artifact_core::LogicalPath;
use artifact_core::ports::{ByteStream, DownloadTicket, Fetched as Source, TransferError};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::context::{Line, OpenError};
use super::download::{Failure, Item, Origin, Tally};
use crate::FlowError;

/// What opening content gave.
pub(crate) enum Opened {
    /// A local file, whole, whatever range was asked for.
    File(PathBuf),
    /// Chunks as they arrive.
    Feed(Box<Feed>),
}

/// The bytes of one content, or of a range of it, in order and each once.
///
/// A stream that breaks off is opened again where it broke; a ticket that expired is renewed. Whoever reads sees neither.
pub(crate) struct Feed {
    line: Arc<Line>,
    path: LogicalPath,
    origin: Origin,
    tally: Arc<Tally>,
    /// What to ask for first; `None` for all of it.
    range: Option<Range<u64>>,
    /// Where the next byte belongs.
    at: u64,
    /// Where the last byte ends, where that is known.
    end: Option<u64>,
    patience: Patience,
    chunks: Option<ByteStream>,
    /// Whether `chunks` gave anything.
    has_given: bool,
    /// Whether there ever were any.
    was_open: bool,
    /// The ticket that was shown last.
    shown: Option<DownloadTicket>,
    _permit: OwnedSemaphorePermit,
}

impl Feed {
    /// Opens the content of `item`, or `range` of it.
    pub(crate) async fn open(
        line: &Arc<Line>,
        item: &Item,
        range: Option<Range<u64>>,
    ) -> Result<Opened, Failure> {
        let mut feed = Self {
            line: Arc::clone(line),
            path: item.path.clone(),
            origin: item.origin.clone(),
            tally: Arc::clone(&item.tally),
            at: range.as_ref().map_or(0, |range| range.start),
            end: range.as_ref().map_or(item.size, |range| Some(range.end)),
            range,
            patience: Patience::default(),
            chunks: None,
            has_given: false,
            was_open: false,
            shown: None,
            _permit: line.stream().await,
        };
        Ok(match feed.reopen().await? {
            Some(file) => Opened::File(file),
            None => Opened::Feed(Box::new(feed)),
        })
    }

    /// Returns the next bytes; `None` when all were there.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let Some(chunks) = &mut self.chunks else {
                match self.reopen().await? {
                    None => continue,
                    Some(file) => return Err(self.no_stream(&file)),
                }
            };
            let error = match chunks.next().await {
                Some(Ok(chunk)) if chunk.is_empty() => continue,
                Some(Ok(chunk)) => return self.take(chunk).map(Some),
                // Once all bytes are there, their digest says all there is to say.
                _ if self.end == Some(self.at) => return Ok(None),
                None if self.end.is_none() => return Ok(None),
                None => None,
                Some(Err(error)) => Some(error),
            };
            self.chunks = None;
            match error {
                Some(error @ TransferError::Expired { .. }) => self.renew(error).await?,
                Some(error @ (TransferError::Gone { .. } | TransferError::Corrupt { .. })) => {
                    return Err(Failure::Wrong(self.not_moved(error)));
                }
                Some(error @ TransferError::Backend { .. }) => {
                    if !self.can_go_on() {
                        return Err(Failure::Wrong(self.not_moved(error)));
                    }
                    if !self.patience.after_break().await {
                        return Err(Failure::Final(self.not_moved(error)));
                    }
                }
                Some(error) => return Err(Failure::Final(self.not_moved(error))),
                None => {
                    // What ends at the same place twice, ends there.
                    let is_end = !self.has_given && self.range.is_some();
                    if is_end || !self.can_go_on() || !self.patience.after_break().await {
                        return Err(self.too_short());
                    }
                }
            }
            if self.at != 0 || self.range.is_some() {
                self.range = self.end.map(|end| self.at..end);
            }
        }
    }

    fn take(&mut self, chunk: Bytes) -> Result<Bytes, Failure> {
        self.has_given = true;
        let length = chunk.len() as u64;
        self.at += length;
        if let Some(end) = self.end
            && end < self.at
        {
            let found = format!("at least {} bytes", self.at);
            return Err(self.damaged(format!("{end} bytes"), found));
        }
        self.patience.arrive(length);
        self.tally.arrive(length, &*self.line.flow.progress);
        Ok(chunk)
    }

    /// Whether the rest can be asked for: not of a reference, and not where nobody knows how much that is.
    fn can_go_on(&self) -> bool {
        self.at == 0 || (self.end.is_some() && matches!(self.origin, Origin::Stored(_)))
    }

    /// Opens what is still to come; gives a path where that is a local file.
    async fn reopen(&mut self) -> Result<Option<PathBuf>, Failure> {
        loop {
            self.shown = match &self.origin {
                Origin::Stored(stored) => stored.ticket(),
                Origin::Reference(_) => None,
            };
            let opened = self
                .line
                .open(&self.origin, self.shown.as_ref(), self.range.clone())
                .await;
            let error = match opened {
                Ok(Source::File(file)) => return Ok(Some(file)),
                Ok(Source::Stream(chunks)) => {
                    self.chunks = Some(chunks);
                    self.has_given = false;
                    self.was_open = true;
                    return Ok(None);
                }
                Ok(other) => {
                    let place = format!("{other:?}");
                    return Err(self
                        .not_moved(TransferError::ForeignTicket { place })
                        .into());
                }
                Err(OpenError::Resolve(error)) => return Err(Failure::Final(error.into())),
                Err(OpenError::Transfer(error)) => error,
            };
            match error {
                error @ TransferError::Expired { .. } => self.renew(error).await?,
                error @ (TransferError::Gone { .. } | TransferError::Corrupt { .. }) => {
                    return Err(Failure::Wrong(self.not_moved(error)));
                }
                // Who could be reached before may be reached again; who never could has been tried by the adapter.
                error @ TransferError::Backend { .. } => {
                    if !self.was_open || !self.patience.after_break().await {
                        return Err(self.not_moved(error).into());
                    }
                }
                error => return Err(self.not_moved(error).into()),
            }
        }
    }

    /// Gets a new ticket, because of `error`; fails with it when there were enough.
    async fn renew(&mut self, error: TransferError) -> Result<(), Failure> {
        match &self.origin {
            Origin::Stored(stored) if self.patience.after_expiry() => {
                Ok(self.line.renew(stored, self.shown.as_ref()).await?)
            }
            _ => Err(self.not_moved(error).into()),
        }
    }

    fn too_short(&self) -> Failure {
        let expected = self.end.unwrap_or_default();
        self.damaged(format!("{expected} bytes"), format!("{} bytes", self.at))
    }

    fn damaged(&self, expected: String, found: String) -> Failure {
        Failure::Wrong(FlowError::Damaged {
            path: self.path.clone(),
            expected,
            found,
        })
    }

    fn no_stream(&self, file: &std::path::Path) -> Failure {
        let place = file.display().to_string();
        let source = "it gave a stream before, and now a file".into();
        Failure::Wrong(self.not_moved(TransferError::Backend { place, source }))
    }

    fn not_moved(&self, source: TransferError) -> FlowError {
        FlowError::Transfer {
            path: self.path.to_string(),
            source,
        }
    }
}

/// How often a stream may break off in a row.
const BREAKS: u32 = 5;

/// How often its ticket may expire in a row.
const EXPIRIES: u32 = 3;

/// How many bytes between two failures make them two stories, and not one that goes on.
const WORTH: u64 = 1 << 20;

/// How long to wait before the first try; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// What is left of the patience with one stream.
///
/// A large file may break off often, as long as it gets on in between.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    breaks: u32,
    expiries: u32,
    /// Bytes since the last failure.
    since: u64,
}

impl Patience {
    /// Bytes arrived.
    pub(crate) const fn arrive(&mut self, bytes: u64) {
        self.since += bytes;
        if WORTH <= self.since {
            self.breaks = 0;
            self.expiries = 0;
        }
    }

    /// The stream broke off. Waits a little; `false` when it is time to give up.
    pub(crate) async fn after_break(&mut self) -> bool {
        self.since = 0;
        if self.breaks == BREAKS {
            return false;
        }
        // A line that broke for somebody else mostly is there again at once.
        tokio::time::sleep(FIRST_WAIT * (1 << self.breaks)).await;
        self.breaks += 1;
        true
    }

    /// The ticket expired; `false` when it is time to give up.
    pub(crate) const fn after_expiry(&mut self) -> bool {
        self.since = 0;
        if self.expiries == EXPIRIES {
            return false;
        }
        self.expiries += 1;
        true
    }
}
