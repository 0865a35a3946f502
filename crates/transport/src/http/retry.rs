//! Asking again. Source: section 1.6 of the wire protocol.

use std::future::Future;
use std::time::Duration;

use super::HttpFailure;

/// How often something is tried, and how long is waited in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryLimits {
    /// How often it is tried again after the first time.
    pub retries: u32,
    /// The wait after the first failure.
    pub shortest_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            retries: 20,
            shortest_wait: Duration::from_secs(2),
            longest_wait: Duration::from_mins(1),
        }
    }
}

impl RetryLimits {
    /// Returns how long to wait after failure number `failures`, counted from 0; `chance` lies between 0 and 1.
    fn wait(&self, failures: u32, chance: f64) -> Duration {
        let doubled = self
            .shortest_wait
            .saturating_mul(2_u32.saturating_pow(failures));
        // Capped before it is stretched, which could not be represented otherwise.
        let capped = doubled.min(self.longest_wait);
        capped.mul_f64(1.0 + chance / 4.0).min(self.longest_wait)
    }
}

/// Which failures may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryRule {
    /// A GraphQL request, or one to the file stream.
    Question,
    /// As [`Question`](Self::Question); a conflict may pass too.
    QuestionWithConflicts,
    /// An upload or a download.
    Transfer,
}

impl RetryRule {
    /// Returns whether asking again may help.
    fn may_pass(self, failure: &HttpFailure) -> bool {
        let Some(status) = failure.status else {
            // The network; what is wrong before anything is sent has no source.
            return std::error::Error::source(failure).is_some();
        };
        match (self, status.as_u16()) {
            (_, 501) => false,
            (_, 429 | 500..) | (Self::QuestionWithConflicts, 409) => true,
            (Self::Transfer, code) => code == 408,
            (_, 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422) => false,
            (_, code) => 400 <= code,
        }
    }
}

/// What is tried, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retried {
    pub(crate) rule: RetryRule,
    pub(crate) limits: RetryLimits,
    /// What it is, for the log.
    pub(crate) what: &'static str,
}

/// Tries until it succeeds, cannot succeed, or was tried often enough.
pub(crate) async fn retried<T, F>(
    retried: Retried,
    mut attempt: impl FnMut() -> F,
) -> Result<T, HttpFailure>
where
    F: Future<Output = Result<T, HttpFailure>>,
{
    let mut failures = 0;
    loop {
        let failure = match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        if failures == retried.limits.retries || !retried.rule.may_pass(&failure) {
            return Err(failure);
        }
        let wait = failure
            .retry_after
            .unwrap_or_else(|| retried.limits.wait(failures, chance()));
        failures += 1;
        tracing::info!(what = retried.what, %failure, failures, ?wait, "trying again");
        tokio::time::sleep(wait).await;
    }
}

/// Returns a number between 0 and 1, another one each time.
fn chance() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let limits = RetryLimits::default();
        assert_eq!(limits.wait(0, 0.0), Duration::from_secs(2));
        assert_eq!(limits.wait(1, 1.0), Duration::from_secs(5));
        assert_eq!(limits.wait(4, 0.0), Duration::from_secs(32));
        assert_eq!(limits.wait(5, 0.0), Duration::from_mins(1));
        assert_eq!(limits.wait(40, 1.0), Duration::from_mins(1));
    }

    #[test]
    fn statuses_pass_as_the_protocol_says() {
        let may_pass = |rule: RetryRule, code: u16| {
            let mut failure = HttpFailure::unreadable("");
            failure.status = Some(StatusCode::from_u16(code).unwrap());
            rule.may_pass(&failure)
        };
        for code in [408, 418, 429, 500, 502, 503, 504] {
            assert!(may_pass(RetryRule::Question, code), "{code}");
        }
        for code in [400, 401, 403, 404, 409, 410, 413, 422, 501] {
            assert!(!may_pass(RetryRule::Question, code), "{code}");
        }
        assert!(may_pass(RetryRule::QuestionWithConflicts, 409));
        for code in [400, 403, 404, 409, 412, 501] {
            assert!(!may_pass(RetryRule::Transfer, code), "{code}");
        }
        for code in [429, 500, 503] {
            assert!(may_pass(RetryRule::Transfer, code), "{code}");
        }
    }
}
