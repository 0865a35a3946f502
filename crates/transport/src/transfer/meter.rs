//! How much of a body is sent, told while it is on its way.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use artifact_core::ports::OnSent;

/// How often is told.
const INTERVAL: Duration = Duration::from_millis(100);

/// Counts the bytes of one body. An attempt that failed is not taken back: what the next one sends again is told only
/// once it is more.
pub(super) struct Meter<'a> {
    sent: Arc<AtomicU64>,
    told: AtomicU64,
    on_sent: OnSent<'a>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(on_sent: OnSent<'a>) -> Self {
        Self {
            sent: Arc::default(),
            told: AtomicU64::new(0),
            on_sent,
        }
    }

    /// Begins an attempt, and returns what its body has to add its bytes to.
    pub(super) fn begin(&self) -> Arc<AtomicU64> {
        self.sent.store(0, Ordering::Relaxed);
        Arc::clone(&self.sent)
    }

    /// Tells what is sent until `request` is answered.
    pub(super) async fn watch<T>(&self, request: impl Future<Output = T>) -> T {
        let mut request = std::pin::pin!(request);
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            tokio::select! {
                answer = &mut request => return answer,
                _ = ticks.tick() => self.tell(self.sent.load(Ordering::Relaxed)),
            }
        }
    }

    /// Tells that all of the body, which has this length, is sent.
    pub(super) fn end(&self, length: u64) {
        self.tell(length);
    }

    fn tell(&self, sent: u64) {
        let told = self.told.fetch_max(sent, Ordering::Relaxed);
        if told < sent {
            (self.on_sent)(sent - told);
        }
    }
}
