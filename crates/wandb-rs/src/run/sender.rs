//! The task that sends the lines of a live run.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::live::{Live, may_pass};

/// The intervals of sending.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    /// The least time between two messages.
    pub(super) interval: Duration,
    /// After how much silence there is a sign of life.
    pub(super) silence: Duration,
}

impl Default for Rhythm {
    /// Returns the official client's. Source: section 6.3 of the wire protocol.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(15),
            silence: Duration::from_secs(30),
        }
    }
}

/// Sends until it is stopped, or the registry takes nothing more.
pub(super) async fn send(live: Arc<Live>, rhythm: Rhythm) {
    let begun = Instant::now();
    let mut last = None;
    loop {
        let heard = last.unwrap_or(begun);
        let is_silent = wait(&live, heard + rhythm.silence).await;
        if let Some(last) = last {
            tokio::time::sleep_until(last + rhythm.interval).await;
        }
        match live.send(is_silent).await {
            Ok(()) => {}
            Err(error) if may_pass(&error) => {
                tracing::warn!(run = %live.address, %error, "lines of the run are sent again later");
            }
            Err(error) => {
                live.give_up(error);
                return;
            }
        }
        last = Some(Instant::now());
    }
}

/// Waits until there is something to send. Returns whether it is a sign of life, because there was nothing until `until`.
async fn wait(live: &Live, until: Instant) -> bool {
    loop {
        let woken = live.wake.notified();
        if live.outbox(|outbox| outbox.is_due()) {
            return false;
        }
        if tokio::time::timeout_at(until, woken).await.is_err() {
            return true;
        }
    }
}
