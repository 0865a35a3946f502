//! Repeats requests to stores that failed for a transient reason.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artifact_core::{Retries, RetryObserver, RetryPolicy, parse_retry_after};
use tokio::time::Instant;

/// The retries that resolvers have by default: six attempts within some 15 seconds, unless the store asks for longer waits.
pub(crate) const DEFAULT_RETRIES: RetryPolicy = RetryPolicy {
    max_attempts: 6,
    first_wait: Duration::from_millis(500),
    max_wait: Duration::from_secs(30),
    max_elapsed: Duration::from_mins(5),
};

/// A failure that may pass.
pub(crate) struct Transient {
    pub(crate) error: String,
    /// The wait that the store asks for.
    pub(crate) retry_after: Option<Duration>,
}

/// A retry policy, and its observer.
#[derive(Debug, Clone)]
pub(crate) struct Retry {
    pub(crate) policy: RetryPolicy,
    pub(crate) observer: Option<Arc<dyn RetryObserver>>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            policy: DEFAULT_RETRIES,
            observer: None,
        }
    }
}

impl Retry {
    /// Calls `attempt` until its outcome is not `transient` or the policy is exhausted; returns the last outcome.
    pub(crate) async fn run<T, F>(
        &self,
        place: &str,
        attempt: impl Fn() -> F,
        transient: impl Fn(&T) -> Option<Transient>,
    ) -> T
    where
        F: Future<Output = T>,
    {
        let began = Instant::now();
        let mut retries = Retries::new(self.policy, "request", place);
        loop {
            let outcome = attempt().await;
            let Some(Transient { error, retry_after }) = transient(&outcome) else {
                return outcome;
            };
            let next = retries.after(&error, began.elapsed(), retry_after, fastrand::f64());
            let Some(notice) = next else {
                return outcome;
            };
            drop(outcome);
            tracing::warn!("{notice}");
            if let Some(observer) = &self.observer {
                observer.retrying(&notice);
            }
            tokio::time::sleep(notice.wait).await;
        }
    }
}

/// Whether a response with this status may be another one a little later.
pub(crate) const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Returns the wait that the value of a `Retry-After` header asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "a date in the header is compared with the time of the response"
)]
pub(crate) fn retry_after(header: Option<&str>) -> Option<Duration> {
    parse_retry_after(header?, SystemTime::now())
}
