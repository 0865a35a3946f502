//! Blocking work on tokio's blocking threads, cancelled when its future is dropped.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Maximum items that a stream of blocking work is ahead of its reader.
const AHEAD: usize = 4;

/// The runtime shut down during the work.
#[derive(Debug, thiserror::Error)]
#[error("the async runtime is shutting down")]
pub(crate) struct ShutDown;

/// A flag that tells blocking work whether its future was dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    /// Fails once the work is abandoned. Long work calls it between chunks.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(io::Error::other("the work was abandoned"));
        }
        Ok(())
    }
}

/// Abandons the work when the future that waits for it is dropped.
struct AbandonOnDrop(Abandoned);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on a blocking thread.
///
/// Dropping the future abandons the work. A panic in the work is resumed in the caller.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce(&Abandoned) -> T + Send + 'static,
) -> Result<T, ShutDown> {
    let abandoned = Abandoned::default();
    let _guard = AbandonOnDrop(abandoned.clone());
    joined(spawn_blocking(move || work(&abandoned))).await
}

async fn joined<T>(task: JoinHandle<T>) -> Result<T, ShutDown> {
    match task.await {
        Ok(value) => Ok(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(ShutDown),
        },
    }
}

/// The sender of a stream of blocking work.
pub(crate) struct Sink<T>(mpsc::Sender<T>);

/// The stream was dropped.
pub(crate) struct Closed;

impl<T> Sink<T> {
    /// Waits until the reader has room for `item`.
    pub(crate) fn send(&self, item: T) -> Result<(), Closed> {
        self.0.blocking_send(item).map_err(|_| Closed)
    }
}

/// Returns a stream of the items that `work` sends. The work starts when the stream is first polled, and finds its sink
/// closed once the stream is dropped.
///
/// If the runtime stops the work, the stream ends with the result of `stopped`: an end that looks like
/// success would cut the stream short unnoticed.
pub(crate) fn stream<T: Send + 'static>(
    work: impl FnOnce(&Sink<T>) + Send + 'static,
    stopped: impl FnOnce(ShutDown) -> T + Send + 'static,
) -> BoxStream<'static, T> {
    let start = async move {
        let (sender, mut receiver) = mpsc::channel(AHEAD);
        let task = spawn_blocking(move || work(&Sink(sender)));
        let items = stream::poll_fn(move |context| receiver.poll_recv(context));
        let end = async move { joined(task).await.err().map(stopped) };
        items.chain(stream::once(end).filter_map(std::future::ready))
    };
    stream::once(start).flatten().boxed()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_stream_gives_every_item_in_order() {
        let items = stream(
            |sink| (0..100).for_each(|n| drop(sink.send(n))),
            |_| unreachable!("the runtime lives"),
        );
        assert_eq!(
            items.collect::<Vec<_>>().await,
            (0..100).collect::<Vec<_>>()
        );
    }

    #[tokio::test]
    async fn dropping_a_stream_stops_the_work_behind_it() {
        let (ended, end) = channel();
        let mut items = stream(
            move |sink| {
                let sent = (0..1_000_000).take_while(|n| sink.send(*n).is_ok()).count();
                ended.send(sent).expect("the test waits");
            },
            |_| unreachable!("the runtime lives"),
        );
        assert_eq!(items.next().await, Some(0));
        drop(items);
        let sent = spawn_blocking(move || end.recv()).await;
        assert!(
            matches!(sent, Ok(Ok(sent)) if sent <= AHEAD + 2),
            "{sent:?}"
        );
    }

    #[tokio::test]
    async fn dropping_a_future_abandons_the_work_behind_it() {
        let (ended, end) = channel();
        let mut work = Box::pin(run(move |abandoned| {
            while abandoned.check().is_ok() {
                std::thread::yield_now();
            }
            ended.send(()).expect("the test waits");
        }));
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        let ended = spawn_blocking(move || end.recv()).await;
        assert!(matches!(ended, Ok(Ok(()))));
    }

    #[tokio::test]
    #[should_panic(expected = "in the work")]
    async fn a_panic_in_the_work_does_not_look_like_the_end_of_the_stream() {
        let items = stream(|_: &Sink<()>| panic!("in the work"), |_| ());
        items.collect::<Vec<_>>().await;
    }
}
