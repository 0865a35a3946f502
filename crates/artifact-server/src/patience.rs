//! Waiting for clients, but not for ever.

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

/// The least that has to come of a body in the time that a client may keep the server waiting. A limit for the next byte
/// alone would let a client hold a connection for days.
const LEAST: usize = 16 << 10;

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
#[error("the client sends too slowly")]
pub(crate) struct TooSlow;

/// The most that is read of a body that nobody wants, so that its sender comes to reading the answer.
const MOST_UNWANTED: usize = 64 << 20;

/// A body on its way in.
struct Incoming {
    chunks: BodyDataStream,
    patience: Duration,
    /// How long was waited since so much had come; what is done with it takes its own time.
    waited: Duration,
    received: usize,
}

impl Incoming {
    async fn next(&mut self) -> Option<Result<Bytes, BoxError>> {
        let began = Instant::now();
        let left = self.patience.saturating_sub(self.waited);
        let chunk = match tokio::time::timeout(left, self.chunks.next()).await {
            Err(_) => return Some(Err(TooSlow.into())),
            Ok(chunk) => chunk?,
        };
        if let Ok(chunk) = &chunk {
            self.waited += began.elapsed();
            self.received += chunk.len();
            if LEAST <= self.received {
                self.waited = Duration::ZERO;
                self.received = 0;
            }
        }
        Some(chunk.map_err(BoxError::from))
    }
}

/// What a handler has not read of a body.
#[derive(Default)]
pub(crate) struct Unread(Arc<Mutex<Option<Incoming>>>);

impl Unread {
    fn slot(&self) -> MutexGuard<'_, Option<Incoming>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it, within bounds. A client that is answered while it still sends would find its connection broken, and
    /// never see the answer.
    pub(crate) async fn discard(&self) {
        let Some(mut incoming) = self.slot().take() else {
            return;
        };
        let mut left = MOST_UNWANTED;
        while let Some(Ok(chunk)) = incoming.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                return;
            }
        }
    }
}

/// A body that a handler reads; dropped before its end, it is unread.
struct Lent {
    incoming: Option<Incoming>,
    unread: Arc<Unread>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.unread.slot() = self.incoming.take();
    }
}

/// Returns the body, which ends with [`TooSlow`] where its sender does not go on; and what will not be read of it.
pub(crate) fn patient_body(body: Body, patience: Duration) -> (Body, Arc<Unread>) {
    let incoming = Incoming {
        chunks: body.into_data_stream(),
        patience,
        waited: Duration::ZERO,
        received: 0,
    };
    let unread = Arc::<Unread>::default();
    let lent = Lent {
        incoming: Some(incoming),
        unread: Arc::clone(&unread),
    };
    let pieces = stream::unfold(lent, async |mut lent| {
        let chunk = lent.incoming.as_mut()?.next().await;
        // There is no more after the end, nor after an error.
        if !matches!(chunk, Some(Ok(_))) {
            lent.incoming = None;
        }
        Some((chunk?, lent))
    });
    // Decoders ask again after the end.
    (Body::from_stream(pieces.fuse()), unread)
}

/// A connection that fails where the other side takes nothing for too long.
#[derive(Debug)]
pub(crate) struct PatientStream {
    stream: TcpStream,
    patience: Duration,
    /// Until when the write that waits may wait.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl PatientStream {
    pub(crate) fn new(stream: TcpStream, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            waiting: None,
        }
    }

    /// Bounds how long a write is pending.
    fn bounded<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match waiting.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for PatientStream {
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
