//! How often and how long a store is asked again.

#[cfg(any(test, feature = "_rest"))]
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

#[cfg(feature = "_rest")]
use reqwest::{RequestBuilder, Response, StatusCode, header};

/// How often a store that fails or asks for patience is asked again, and after which waits.
///
/// Asked again is after 408, 429, 500, 502, 503, 504, and when no connection came about or it broke before an answer.
/// The waits double, each shortened by up to half at random; a store's `Retry-After` counts instead where it is longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often a request is sent at most; 0 counts as 1.
    pub attempts: u32,
    /// The first wait.
    pub first_wait: Duration,
    /// The longest wait, whatever the store asks for.
    pub longest_wait: Duration,
}

impl Default for Retries {
    /// Six attempts, with waits from half a second to 30 seconds: some 15 seconds in all.
    fn default() -> Self {
        Self {
            attempts: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        }
    }
}

impl Retries {
    /// Returns the wait before attempt `next`, counted from 1 for the first repetition.
    #[cfg(any(test, feature = "_rest"))]
    fn wait(&self, next: u32, asked: Option<Duration>) -> Duration {
        let doubled = self
            .first_wait
            .saturating_mul(1_u32.checked_shl(next - 1).unwrap_or(u32::MAX));
        // A hasher's seed is random; to spread clients it need not be more.
        let random = (RandomState::new().hash_one(next) % 1_000) as u32;
        let shortened = doubled.saturating_sub(doubled / 2 * random / 1_000);
        shortened
            .max(asked.unwrap_or_default())
            .min(self.longest_wait)
    }

    /// Sends what `request` makes until an answer counts: one that is not transient, or the last.
    #[cfg(feature = "_rest")]
    pub(crate) async fn send(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Response, reqwest::Error> {
        let mut attempt = 1;
        loop {
            let answer = request().send().await;
            let asked = match &answer {
                Ok(response) if is_transient(response.status()) => retry_after(response),
                Err(error) if is_transport(error) => None,
                _ => return answer,
            };
            if self.attempts <= attempt {
                return answer;
            }
            drop(answer);
            tokio::time::sleep(self.wait(attempt, asked)).await;
            attempt += 1;
        }
    }
}

#[cfg(feature = "_rest")]
fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// Whether no answer came. A loop of redirects or a wrong URL will be the same again.
#[cfg(feature = "_rest")]
fn is_transport(error: &reqwest::Error) -> bool {
    (error.is_connect() || error.is_timeout() || error.is_request())
        && !error.is_redirect()
        && !error.is_builder()
}

/// Returns the wait that the server asks for; a date would need a clock that agrees with the server's.
#[cfg(feature = "_rest")]
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let retries = Retries {
            attempts: 99,
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(1),
        };
        for (next, longest) in [(1, 100), (2, 200), (3, 400), (10, 1_000), (90, 1_000)] {
            let wait = retries.wait(next, None);
            assert!(wait <= Duration::from_millis(longest), "{next}: {wait:?}");
            assert!(
                Duration::from_millis(longest / 2) <= wait,
                "{next}: {wait:?}"
            );
        }
    }

    #[test]
    fn a_store_may_ask_for_more_but_not_for_ever() {
        let wait = |asked| Retries::default().wait(1, Some(Duration::from_secs(asked)));
        assert_eq!(wait(7), Duration::from_secs(7));
        assert_eq!(wait(86_400), Duration::from_secs(30));
    }
}
