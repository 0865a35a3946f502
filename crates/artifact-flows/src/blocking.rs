//! Bytes that arrive here and are hashed and written elsewhere, so that no blocking call stops what arrives.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, spawn_blocking};

/// How many bytes are handed over at a time; as many may gather meanwhile.
const HANDOVER: u64 = 1 << 20;

/// How much memory a [`Background`] may need.
pub(crate) const BUFFERED: u64 = 2 * HANDOVER;

/// What takes the bytes.
pub(crate) trait Take: Send + 'static {
    /// Takes the next bytes. May block.
    fn take(&mut self, bytes: &[u8]) -> std::io::Result<()>;
}

/// Blocking work of one fetch, which can be waited for when the fetch is given up.
#[derive(Debug, Clone)]
pub(crate) struct Crew(Arc<Semaphore>);

impl Crew {
    /// More work than there can be at once.
    const ALL: u32 = 1 << 20;

    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(Self::ALL as usize)))
    }

    /// Lets `work` be done where it may block. It is done to its end, even if nobody waits for it.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let permit = Arc::clone(&self.0).try_acquire_owned();
        spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
    }

    /// Does `work` where it may block.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        joined(self.start(work).await)
    }

    /// Waits until all work that was started is done.
    pub(crate) async fn rest(&self) {
        _ = self.0.acquire_many(Self::ALL).await;
    }
}

/// Returns what blocking work came to; a panic in it goes on here.
pub(crate) fn joined<T>(result: Result<T, tokio::task::JoinError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => panic!("the runtime stopped under its own work: {error}"),
        },
    }
}

/// Hands bytes over to a taker that may block, in order. Waits when the taker is slower than what arrives.
pub(crate) struct Background<T> {
    crew: Crew,
    state: State<T>,
    gathered: Vec<Bytes>,
    gathered_bytes: u64,
}

enum State<T> {
    Idle(T),
    Busy(JoinHandle<std::io::Result<T>>),
    Failed,
}

impl<T: Take> Background<T> {
    pub(crate) const fn new(crew: Crew, taker: T) -> Self {
        Self {
            crew,
            state: State::Idle(taker),
            gathered: Vec::new(),
            gathered_bytes: 0,
        }
    }

    /// Takes the next bytes; an error may be one of earlier bytes.
    pub(crate) async fn take(&mut self, bytes: Bytes) -> std::io::Result<()> {
        self.gathered_bytes += bytes.len() as u64;
        self.gathered.push(bytes);
        if self.gathered_bytes < HANDOVER {
            return Ok(());
        }
        self.hand_over().await
    }

    /// Waits until all bytes are taken.
    pub(crate) async fn finish(mut self) -> std::io::Result<T> {
        // On a thread of its own, however little is left: it may be a write that waits.
        self.hand_over().await?;
        self.idle().await
    }

    async fn hand_over(&mut self) -> std::io::Result<()> {
        let mut taker = self.idle().await?;
        let gathered = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        self.state = State::Busy(self.crew.start(move || {
            for bytes in gathered {
                taker.take(&bytes)?;
            }
            Ok(taker)
        }));
        Ok(())
    }

    /// Waits for the taker.
    async fn idle(&mut self) -> std::io::Result<T> {
        // Cancelled while it waits, it would be neither; so it stays busy until it is not.
        if let State::Busy(job) = &mut self.state {
            let result = joined(job.await);
            self.state = State::Failed;
            return result;
        }
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(taker) => Ok(taker),
            State::Busy(_) | State::Failed => Err(std::io::Error::other("writing failed before")),
        }
    }
}
