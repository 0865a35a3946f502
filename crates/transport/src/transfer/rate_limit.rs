//! The rate limit of transfers.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Limits the bytes a second of all transfers together.
#[derive(Debug)]
pub(crate) struct RateLimit {
    bytes_per_second: Option<u64>,
    /// When all bytes so far would have passed at that rate.
    free_at: Mutex<Instant>,
}

impl RateLimit {
    pub(crate) fn new(bytes_per_second: Option<u64>) -> Self {
        Self {
            bytes_per_second: bytes_per_second.filter(|rate| *rate != 0),
            free_at: Mutex::new(Instant::now()),
        }
    }

    /// Waits until `bytes` more are within the rate.
    pub(crate) async fn acquire(&self, bytes: usize) {
        let Some(rate) = self.bytes_per_second else {
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "a wait need not be exact")]
        let takes = Duration::from_secs_f64(bytes as f64 / rate as f64);
        let until = {
            let mut free_at = self
                .free_at
                .lock()
                .expect("no thread panics while it holds the clock");
            let from = (*free_at).max(Instant::now());
            *free_at = from + takes;
            from
        };
        tokio::time::sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_pass_at_the_rate_however_many_ask() {
        let limit = RateLimit::new(Some(1000));
        let begin = Instant::now();
        futures::future::join_all((0..10).map(|_| limit.acquire(500))).await;
        // The last one waits for the nine before it.
        assert_eq!(begin.elapsed().as_millis(), 4500);
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_is_no_wait() {
        let begin = Instant::now();
        RateLimit::new(None).acquire(usize::MAX).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
