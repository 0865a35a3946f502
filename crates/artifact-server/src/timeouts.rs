//! Timeouts for clients that stop sending or stop reading.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::BoxError;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Bytes of a body that must arrive within one timeout. A timeout for the next byte alone would let a client hold a
/// connection for days.
const MIN_PROGRESS: usize = 16 << 10;

/// The error with which the body of a slow client ends.
#[derive(Debug, thiserror::Error)]
#[error("the client sends too slowly")]
pub(crate) struct ClientTooSlow;

/// Limit of what is read of a body after its handler has responded, so that its sender gets to read the response.
const MAX_DISCARDED: usize = 64 << 20;

/// A request body whose chunks must arrive within the timeout.
struct TimedBody {
    chunks: BodyDataStream,
    client_timeout: Duration,
    /// Time spent waiting since the last [`MIN_PROGRESS`] bytes arrived. The time that the handler takes does not
    /// count.
    waited: Duration,
    received: usize,
}

impl TimedBody {
    async fn next(&mut self) -> Option<Result<Bytes, BoxError>> {
        let started = Instant::now();
        let left = self.client_timeout.saturating_sub(self.waited);
        let chunk = match tokio::time::timeout(left, self.chunks.next()).await {
            Err(_) => return Some(Err(ClientTooSlow.into())),
            Ok(chunk) => chunk?,
        };
        if let Ok(chunk) = &chunk {
            self.waited += started.elapsed();
            self.received += chunk.len();
            if MIN_PROGRESS <= self.received {
                self.waited = Duration::ZERO;
                self.received = 0;
            }
        }
        Some(chunk.map_err(BoxError::from))
    }
}

/// The rest of a body that its handler has not read.
#[derive(Default)]
pub(crate) struct UnreadBody(Arc<Mutex<Option<TimedBody>>>);

impl UnreadBody {
    fn slot(&self) -> MutexGuard<'_, Option<TimedBody>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and drops the rest, up to [`MAX_DISCARDED`] bytes. Without it, a client that is still sending would find
    /// its connection reset, and never see the response.
    pub(crate) async fn discard(&self) {
        let Some(mut body) = self.slot().take() else {
            return;
        };
        let mut left = MAX_DISCARDED;
        while let Some(Ok(chunk)) = body.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return;
            }
        }
    }
}

/// The body as its handler reads it. Dropped before its end, it leaves the rest in [`UnreadBody`].
struct BodyReader {
    body: Option<TimedBody>,
    unread: Arc<UnreadBody>,
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        *self.unread.slot() = self.body.take();
    }
}

/// Returns the body, which fails with [`ClientTooSlow`] when its sender stalls, and a handle to what its handler
/// leaves unread.
pub(crate) fn body_with_timeout(body: Body, client_timeout: Duration) -> (Body, Arc<UnreadBody>) {
    let body = TimedBody {
        chunks: body.into_data_stream(),
        client_timeout,
        waited: Duration::ZERO,
        received: 0,
    };
    let unread = Arc::<UnreadBody>::default();
    let reader = BodyReader {
        body: Some(body),
        unread: Arc::clone(&unread),
    };
    let pieces = stream::unfold(reader, async |mut reader| {
        let chunk = reader.body.as_mut()?.next().await;
        // Nothing follows the end or an error.
        if !matches!(chunk, Some(Ok(_))) {
            reader.body = None;
        }
        Some((chunk?, reader))
    });
    // Decoders poll again after the end.
    (Body::from_stream(pieces.fuse()), unread)
}

/// A connection that fails when the peer reads nothing for longer than the timeout.
#[derive(Debug)]
pub(crate) struct WriteTimeoutStream {
    stream: TcpStream,
    client_timeout: Duration,
    /// Deadline of the pending write.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl WriteTimeoutStream {
    pub(crate) fn new(stream: TcpStream, client_timeout: Duration) -> Self {
        Self {
            stream,
            client_timeout,
            waiting: None,
        }
    }

    /// Fails a write that is pending for longer than the timeout.
    fn bounded<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let client_timeout = self.client_timeout;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(client_timeout)));
        match waiting.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncRead for WriteTimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for WriteTimeoutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.bounded(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.bounded(context, shut)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.bounded(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
