//! A byte stream over one content that resumes after broken connections and expired tickets.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ports::{ByteStream, DownloadTicket, Fetched as Source, TransferError};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::context::{FetchContext, OpenError};
use super::download::{Download, DownloadFailure, Origin};
use crate::retry::TransferRetries;

/// Tickets of one stream that may expire in a row.
const MAX_EXPIRIES: u32 = 3;

/// Bytes that end a row of failures: a large file may break often, as long as it advances in between.
const PROGRESS_BYTES: u64 = 1 << 20;

/// Result of opening content.
pub(crate) enum Opened {
    /// A local file with the whole content, whatever range was requested.
    File(PathBuf),
    /// A stream of chunks.
    Stream(Box<ResumableStream>),
}

/// The bytes of one content, or of a range of it, in order and each once.
///
/// A stream that breaks is reopened where it broke; an expired ticket is refreshed. The reader sees neither.
pub(crate) struct ResumableStream {
    context: Arc<FetchContext>,
    download: Download,
    /// The range to request next; `None` for all of it.
    range: Option<Range<u64>>,
    /// Offset of the next byte.
    position: u64,
    /// Offset behind the last byte, if known.
    end: Option<u64>,
    retries: TransferRetries,
    /// Expired tickets in a row.
    expiries: u32,
    /// Bytes received since the last failure.
    since_failure: u64,
    chunks: Option<ByteStream>,
    /// Whether `chunks` has yielded anything.
    has_yielded: bool,
    /// Whether a stream was ever opened.
    was_opened: bool,
    /// The ticket used last.
    used_ticket: Option<DownloadTicket>,
    _permit: OwnedSemaphorePermit,
}

impl ResumableStream {
    /// Opens the content of a download, or `range` of it.
    pub(crate) async fn open(
        context: &Arc<FetchContext>,
        download: &Download,
        range: Option<Range<u64>>,
    ) -> Result<Opened, DownloadFailure> {
        let mut stream = Self {
            context: Arc::clone(context),
            download: download.clone(),
            position: range.as_ref().map_or(0, |range| range.start),
            end: range
                .as_ref()
                .map_or(download.size, |range| Some(range.end)),
            range,
            retries: TransferRetries::new(&context.flow),
            expiries: 0,
            since_failure: 0,
            chunks: None,
            has_yielded: false,
            was_opened: false,
            used_ticket: None,
            _permit: context.stream_permit().await,
        };
        Ok(match stream.reopen().await? {
            Some(file) => Opened::File(file),
            None => Opened::Stream(Box::new(stream)),
        })
    }

    /// Returns the next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, DownloadFailure> {
        loop {
            let Some(chunks) = &mut self.chunks else {
                match self.reopen().await? {
                    None => continue,
                    Some(file) => return Err(self.unexpected_file(&file)),
                }
            };
            let error = match chunks.next().await {
                Some(Ok(chunk)) if chunk.is_empty() => continue,
                Some(Ok(chunk)) => return self.accept(chunk).map(Some),
                // Once all bytes are there, only their digest matters.
                _ if self.end == Some(self.position) => return Ok(None),
                None if self.end.is_none() => return Ok(None),
                None => None,
                Some(Err(error)) => Some(error),
            };
            self.chunks = None;
            match error {
                Some(error @ TransferError::Expired { .. }) => self.refresh_ticket(error).await?,
                Some(error @ (TransferError::Gone { .. } | TransferError::Corrupt { .. })) => {
                    return Err(DownloadFailure::Retryable(
                        self.download.transfer_error(error),
                    ));
                }
                Some(error @ TransferError::Backend { .. }) => {
                    if !self.can_resume() {
                        return Err(DownloadFailure::Retryable(
                            self.download.transfer_error(error),
                        ));
                    }
                    if !self.wait_after(&error).await {
                        return Err(DownloadFailure::Fatal(self.download.transfer_error(error)));
                    }
                }
                Some(error) => {
                    return Err(DownloadFailure::Fatal(self.download.transfer_error(error)));
                }
                None => {
                    // A stream that ends at the same offset twice is really that short.
                    let is_end = !self.has_yielded && self.range.is_some();
                    let error = "the stream ended early";
                    if is_end || !self.can_resume() || !self.wait_after(&error).await {
                        return Err(self.too_short());
                    }
                }
            }
            if self.position != 0 || self.range.is_some() {
                self.range = self.end.map(|end| self.position..end);
            }
        }
    }

    fn accept(&mut self, chunk: Bytes) -> Result<Bytes, DownloadFailure> {
        self.has_yielded = true;
        let length = chunk.len() as u64;
        self.position += length;
        if let Some(end) = self.end
            && end < self.position
        {
            let found = format!("at least {} bytes", self.position);
            return Err(self.damaged(format!("{end} bytes"), found));
        }
        self.since_failure += length;
        if PROGRESS_BYTES <= self.since_failure {
            self.retries.reset();
            self.expiries = 0;
        }
        self.download
            .progress
            .add(length, &*self.context.flow.progress);
        Ok(chunk)
    }

    /// Whether the rest can be requested: not of a reference, and not of content of unknown length.
    fn can_resume(&self) -> bool {
        self.position == 0
            || (self.end.is_some() && matches!(self.download.origin, Origin::Stored(_)))
    }

    /// Opens the remaining bytes; returns a path if that is a local file.
    async fn reopen(&mut self) -> Result<Option<PathBuf>, DownloadFailure> {
        loop {
            self.used_ticket = match &self.download.origin {
                Origin::Stored(stored) => stored.ticket(),
                Origin::Reference(_) => None,
            };
            let opened = self
                .context
                .open(
                    &self.download.origin,
                    self.used_ticket.as_ref(),
                    self.range.clone(),
                )
                .await;
            let error = match opened {
                Ok(Source::File(file)) => return Ok(Some(file)),
                Ok(Source::Stream(chunks)) => {
                    self.chunks = Some(chunks);
                    self.has_yielded = false;
                    self.was_opened = true;
                    return Ok(None);
                }
                Ok(other) => {
                    let place = format!("{other:?}");
                    return Err(self
                        .download
                        .transfer_error(TransferError::ForeignTicket { place })
                        .into());
                }
                Err(OpenError::Resolve(error)) => return Err(DownloadFailure::Fatal(error.into())),
                Err(OpenError::Transfer(error)) => error,
            };
            match error {
                error @ TransferError::Expired { .. } => self.refresh_ticket(error).await?,
                error @ (TransferError::Gone { .. } | TransferError::Corrupt { .. }) => {
                    return Err(DownloadFailure::Retryable(
                        self.download.transfer_error(error),
                    ));
                }
                // A server that answered before may answer again; the adapter has already retried one that never did.
                error @ TransferError::Backend { .. } => {
                    if !self.was_opened || !self.wait_after(&error).await {
                        return Err(self.download.transfer_error(error).into());
                    }
                }
                error => return Err(self.download.transfer_error(error).into()),
            }
        }
    }

    /// Refreshes the ticket after `error`; fails with it when the limit is reached.
    async fn refresh_ticket(&mut self, error: TransferError) -> Result<(), DownloadFailure> {
        self.since_failure = 0;
        self.expiries += 1;
        match &self.download.origin {
            Origin::Stored(stored) if self.expiries <= MAX_EXPIRIES => Ok(self
                .context
                .refresh_ticket(stored, self.used_ticket.as_ref())
                .await?),
            _ => Err(self.download.transfer_error(error).into()),
        }
    }

    async fn wait_after(&mut self, error: &(dyn fmt::Display + Sync)) -> bool {
        self.since_failure = 0;
        self.retries.wait_after(error, &self.context.flow).await
    }

    fn too_short(&self) -> DownloadFailure {
        let expected = self.end.unwrap_or_default();
        self.damaged(
            format!("{expected} bytes"),
            format!("{} bytes", self.position),
        )
    }

    fn damaged(&self, expected: String, found: String) -> DownloadFailure {
        DownloadFailure::Retryable(self.download.damaged(expected, found))
    }

    fn unexpected_file(&self, file: &std::path::Path) -> DownloadFailure {
        let place = file.display().to_string();
        let source = "a local file took the place of a stream".into();
        DownloadFailure::Retryable(
            self.download
                .transfer_error(TransferError::Backend { place, source }),
        )
    }
}
