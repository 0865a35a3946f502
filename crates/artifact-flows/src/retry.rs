//! Retries of broken transfers, by the common policy.

use std::fmt;
use std::time::Duration;

use artifact_core::{Retries, RetryPolicy};

use crate::Flow;

/// Limits on repeating a transfer that broke. The adapters have already retried requests that were never answered.
const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 6,
    first_wait: Duration::from_millis(50),
    max_wait: Duration::from_secs(5),
    max_elapsed: Duration::from_mins(1),
};

/// The failures in a row of one transfer.
#[derive(Debug)]
pub(crate) struct TransferRetries {
    retries: Retries,
    waited: Duration,
}

impl TransferRetries {
    /// Returns the state before the first attempt of a download from the registry of `flow`.
    pub(crate) fn new(flow: &Flow) -> Self {
        Self {
            retries: Retries::new(POLICY, "download", flow.registry.location()),
            waited: Duration::ZERO,
        }
    }

    /// Reports `error` and waits before the next attempt; returns `false` when the limits are reached.
    pub(crate) async fn wait_after(
        &mut self,
        error: &(dyn fmt::Display + Sync),
        flow: &Flow,
    ) -> bool {
        // Only waits count towards the total time, since a transfer may take hours.
        let next = self
            .retries
            .after(error, self.waited, None, fastrand::f64());
        let Some(notice) = next else {
            return false;
        };
        tracing::warn!("{notice}");
        flow.progress.retrying(&notice);
        self.waited += notice.wait;
        tokio::time::sleep(notice.wait).await;
        true
    }

    /// Forgets the failures so far, because there was progress in between.
    pub(crate) const fn reset(&mut self) {
        self.retries.reset();
        self.waited = Duration::ZERO;
    }
}
