//! Repeats requests that failed for a transient reason. Source: section 1.6 of the wire protocol.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use artifact_core::{Retries, RetryObserver, RetryPolicy};
use tokio::time::Instant;

use super::HttpError;

/// Decides which failures are transient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryRule {
    /// A GraphQL request, or one to the file stream.
    GraphQl,
    /// As [`GraphQl`](Self::GraphQl), and a conflict is transient too.
    GraphQlUpsert,
    /// An upload or a download.
    Transfer,
}

impl RetryRule {
    fn is_transient(self, error: &HttpError) -> bool {
        let Some(status) = error.status else {
            // A network error; errors from before the request was sent have no source.
            return std::error::Error::source(error).is_some();
        };
        match (self, status.as_u16()) {
            (_, 501) => false,
            (_, 429 | 500..) | (Self::GraphQlUpsert, 409) => true,
            (Self::Transfer, code) => code == 408,
            (_, 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422) => false,
            (_, code) => 400 <= code,
        }
    }
}

/// The retries of one kind of request to one server.
#[derive(Debug, Clone)]
pub(crate) struct Retry {
    pub(crate) rule: RetryRule,
    pub(crate) policy: RetryPolicy,
    pub(crate) observer: Option<Arc<dyn RetryObserver>>,
    /// The kind of request, for the log and the observer.
    pub(crate) operation: &'static str,
    /// The server's host, for the log and the observer.
    pub(crate) place: String,
}

impl Retry {
    /// Calls `attempt` until it succeeds, fails for good, or the policy is exhausted.
    pub(crate) async fn run<T, F>(self, mut attempt: impl FnMut() -> F) -> Result<T, HttpError>
    where
        F: Future<Output = Result<T, HttpError>>,
    {
        let began = Instant::now();
        let mut waited = Duration::ZERO;
        let mut retries = Retries::new(self.policy, self.operation, self.place);
        loop {
            let error = match attempt().await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            if !self.rule.is_transient(&error) {
                return Err(error);
            }
            // A single transfer may take hours, so only waits count towards its total time.
            let elapsed = match self.rule {
                RetryRule::Transfer => waited,
                _ => began.elapsed(),
            };
            let next = retries.after(&error, elapsed, error.retry_after, fastrand::f64());
            let Some(notice) = next else {
                return Err(error);
            };
            tracing::warn!("{notice}");
            if let Some(observer) = &self.observer {
                observer.retrying(&notice);
            }
            tokio::time::sleep(notice.wait).await;
            waited += notice.wait;
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn transient_statuses_are_those_of_the_protocol() {
        let is_transient = |rule: RetryRule, code: u16| {
            let mut error = HttpError::new("");
            error.status = Some(StatusCode::from_u16(code).unwrap());
            rule.is_transient(&error)
        };
        for code in [408, 418, 429, 500, 502, 503, 504] {
            assert!(is_transient(RetryRule::GraphQl, code), "{code}");
        }
        for code in [400, 401, 403, 404, 409, 410, 413, 422, 501] {
            assert!(!is_transient(RetryRule::GraphQl, code), "{code}");
        }
        assert!(is_transient(RetryRule::GraphQlUpsert, 409));
        for code in [400, 403, 404, 409, 412, 501] {
            assert!(!is_transient(RetryRule::Transfer, code), "{code}");
        }
        for code in [408, 429, 500, 503] {
            assert!(is_transient(RetryRule::Transfer, code), "{code}");
        }
    }
}
