//! Blocking work on tokio's blocking threads, and a writer that moves blocking writes there.

use std::io::{self, Write};

use bytes::Bytes;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio_util::task::TaskTracker;

/// Bytes handed over to the blocking thread at a time; as many may gather meanwhile.
const HANDOVER: u64 = 1 << 20;

/// The most memory that a [`BackgroundWriter`] holds.
pub(crate) const BUFFERED: u64 = 2 * HANDOVER;

/// Runs `work` on a blocking thread and returns its result. Once started it runs to its end, even if the caller is
/// cancelled.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    unwrap_join(spawn_blocking(work).await)
}

/// As [`run`], with the work counted by `tracker`.
pub(crate) async fn run_tracked<T: Send + 'static>(
    tracker: &TaskTracker,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    unwrap_join(tracker.spawn_blocking(work).await)
}

/// Returns the result of a task, and resumes its panic in the caller.
pub(crate) fn unwrap_join<T>(result: Result<T, JoinError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => panic!("the runtime shut down while its own task was running: {error}"),
        },
    }
}

/// Writes chunks to a blocking writer on another thread, in order, so that receiving them never blocks. Applies
/// backpressure when the writer is slower than the source.
pub(crate) struct BackgroundWriter<W> {
    tracker: TaskTracker,
    state: State<W>,
    gathered: Vec<Bytes>,
    gathered_bytes: u64,
}

enum State<W> {
    Idle(W),
    Busy(JoinHandle<io::Result<W>>),
    Failed,
}

impl<W: Write + Send + 'static> BackgroundWriter<W> {
    pub(crate) const fn new(tracker: TaskTracker, writer: W) -> Self {
        Self {
            tracker,
            state: State::Idle(writer),
            gathered: Vec::new(),
            gathered_bytes: 0,
        }
    }

    /// Accepts the next bytes. An error may come from bytes accepted earlier.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.gathered_bytes += bytes.len() as u64;
        self.gathered.push(bytes);
        if self.gathered_bytes < HANDOVER {
            return Ok(());
        }
        self.hand_over().await
    }

    /// Waits until all bytes are written, and returns the writer.
    pub(crate) async fn finish(mut self) -> io::Result<W> {
        // On a blocking thread however few bytes are left: any write may block.
        self.hand_over().await?;
        self.idle().await
    }

    async fn hand_over(&mut self) -> io::Result<()> {
        let mut writer = self.idle().await?;
        let gathered = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        self.state = State::Busy(self.tracker.spawn_blocking(move || {
            for bytes in gathered {
                writer.write_all(&bytes)?;
            }
            Ok(writer)
        }));
        Ok(())
    }

    /// Waits until the writer is free, and takes it.
    async fn idle(&mut self) -> io::Result<W> {
        // Stays `Busy` while it waits, so that a cancelled wait loses nothing.
        if let State::Busy(job) = &mut self.state {
            let result = unwrap_join(job.await);
            self.state = State::Failed;
            return result;
        }
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(writer) => Ok(writer),
            State::Busy(_) | State::Failed => Err(io::Error::other("an earlier write failed")),
        }
    }
}
