//! Retries: the limits on repeating a failed request, and what observers hear of it.
//!
//! Pure: the caller measures time, draws random numbers, sleeps, and knows which failures are transient.

use std::fmt;
use std::time::{Duration, SystemTime};

/// Limits on repeating a failed request.
///
/// The wait doubles with each failure in a row. It is shortened at random by up to a quarter, so that clients that
/// failed together do not return together. A server's `Retry-After` replaces it, up to [`max_wait`](Self::max_wait).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The maximum number of attempts, the first one included; 0 counts as 1.
    pub max_attempts: u32,
    /// The wait after the first failure.
    pub first_wait: Duration,
    /// The longest wait, whatever a server asks for.
    pub max_wait: Duration,
    /// The total time: no further attempt begins later than this after the first one.
    pub max_elapsed: Duration,
}

impl RetryPolicy {
    /// One attempt and no retry.
    pub const NEVER: Self = Self {
        max_attempts: 1,
        first_wait: Duration::ZERO,
        max_wait: Duration::ZERO,
        max_elapsed: Duration::ZERO,
    };

    /// Returns how long to wait after `failures` failures in a row before the next attempt; `None` to give up.
    ///
    /// `elapsed` is the time since the first attempt began, `retry_after` the wait that the server asked for, and
    /// `jitter` a random number from 0 to 1.
    #[must_use]
    pub fn wait(
        &self,
        failures: u32,
        elapsed: Duration,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Option<Duration> {
        if self.max_attempts <= failures {
            return None;
        }
        let fraction = jitter.clamp(0.0, 1.0) / 4.0;
        let wait = if let Some(asked) = retry_after {
            // Never sooner than asked for; and not at once, even if asked for.
            let asked = asked.max(self.first_wait).min(self.max_wait);
            let longer = asked.saturating_add(asked.mul_f64(fraction));
            longer.min(self.max_wait)
        } else {
            let doublings = failures.saturating_sub(1);
            let doubled = 2_u32.saturating_pow(doublings);
            let wait = self.first_wait.saturating_mul(doubled);
            let wait = wait.min(self.max_wait);
            wait.saturating_sub(wait.mul_f64(fraction))
        };
        (elapsed.saturating_add(wait) <= self.max_elapsed).then_some(wait)
    }
}

/// Returns the wait that the value of a `Retry-After` header asks for: seconds, perhaps with a fraction, or an
/// HTTP date. `None` if it is neither; zero for a date in the past.
#[must_use]
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// A failed attempt that will be repeated.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetryNotice {
    /// The kind of request, such as `upload`.
    pub operation: &'static str,
    /// The server's host or the bucket, without path and credentials.
    pub place: String,
    /// Why the attempt failed.
    pub error: String,
    /// Number of failures in a row so far.
    pub failures: u32,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The wait before the next attempt.
    pub wait: Duration,
}

impl fmt::Display for RetryNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            place,
            error,
            failures,
            max_attempts,
            wait,
        } = self;
        write!(
            formatter,
            "{operation} at {place} failed (attempt {failures} of {max_attempts}): {error}; retrying in {:.1} s",
            wait.as_secs_f64()
        )
    }
}

/// Is notified of each failed attempt that will be repeated, before the wait.
///
/// Called from where requests are sent: implementations must not block.
pub trait RetryObserver: fmt::Debug + Send + Sync + 'static {
    /// An attempt failed and will be repeated.
    fn retrying(&self, notice: &RetryNotice);
}

/// The failures in a row of one request.
#[derive(Debug, Clone)]
pub struct Retries {
    policy: RetryPolicy,
    operation: &'static str,
    place: String,
    failures: u32,
}

impl Retries {
    /// Returns the state before the first attempt; see [`RetryNotice`] for `operation` and `place`.
    #[must_use]
    pub fn new(policy: RetryPolicy, operation: &'static str, place: impl Into<String>) -> Self {
        Self {
            policy,
            operation,
            place: place.into(),
            failures: 0,
        }
    }

    /// Counts a transient failure; returns `None` when the policy is exhausted. For the arguments see
    /// [`RetryPolicy::wait`].
    pub fn after(
        &mut self,
        error: &dyn fmt::Display,
        elapsed: Duration,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Option<RetryNotice> {
        self.failures = self.failures.saturating_add(1);
        let wait = self
            .policy
            .wait(self.failures, elapsed, retry_after, jitter)?;
        Some(RetryNotice {
            operation: self.operation,
            place: self.place.clone(),
            error: error.to_string(),
            failures: self.failures,
            max_attempts: self.policy.max_attempts,
            wait,
        })
    }

    /// Forgets the failures so far, because there was progress in between.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 8,
        first_wait: Duration::from_secs(2),
        max_wait: Duration::from_mins(1),
        max_elapsed: Duration::from_mins(10),
    };

    fn wait(failures: u32, jitter: f64) -> Option<Duration> {
        POLICY.wait(failures, Duration::ZERO, None, jitter)
    }

    #[test]
    fn waits_double_up_to_the_cap_and_end_with_the_attempts() {
        let seconds: Vec<_> = (1..9)
            .map(|failures| wait(failures, 0.0).map(|wait| wait.as_secs()))
            .collect();
        let expected = [2, 4, 8, 16, 32, 60, 60].map(Some);
        assert_eq!(seconds, [expected.as_slice(), &[None]].concat());
        assert_eq!(wait(2, 1.0), Some(Duration::from_secs(3)));
        assert_eq!(RetryPolicy::NEVER.wait(1, Duration::ZERO, None, 0.5), None);
    }

    #[test]
    fn a_server_may_ask_for_a_longer_wait_but_not_for_one_above_the_cap() {
        let asked = |seconds| {
            let asked = Some(Duration::from_secs(seconds));
            POLICY.wait(5, Duration::ZERO, asked, 0.0)
        };
        assert_eq!(asked(7), Some(Duration::from_secs(7)));
        assert_eq!(asked(0), Some(POLICY.first_wait));
        assert_eq!(asked(86_400), Some(POLICY.max_wait));
    }

    #[test]
    fn no_attempt_begins_after_the_total_time() {
        let after = |seconds| POLICY.wait(1, Duration::from_secs(seconds), None, 0.0);
        assert!(after(598).is_some());
        assert_eq!(after(599), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_400);
        let parse = |value| parse_retry_after(value, now);
        assert_eq!(parse(" 1.5 "), Some(Duration::from_millis(1500)));
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(parse(date), Some(Duration::from_secs(80)));
        let past = "Tue, 20 Oct 2015 07:28:00 GMT";
        assert_eq!(parse(past), Some(Duration::ZERO));
        for nonsense in ["-1", "soon", "NaN", "", "1e300"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn failures_before_a_reset_do_not_count() {
        let mut retries = Retries::new(POLICY, "download", "example.com");
        let fail = |retries: &mut Retries| {
            retries.after(&"the connection broke", Duration::ZERO, None, 0.0)
        };
        for _ in 0..7 {
            assert!(fail(&mut retries).is_some());
        }
        retries.reset();
        let notice = fail(&mut retries).expect("it is the first failure");
        assert_eq!(
            notice.to_string(),
            "download at example.com failed (attempt 1 of 8): the connection broke; retrying in 2.0 s"
        );
    }

    proptest! {
        #[test]
        fn every_wait_is_within_the_limits(
            failures in 0..100_u32,
            elapsed in 0..2_000_u64,
            asked in proptest::option::of(any::<u64>()),
            jitter in 0.0..=1.0,
        ) {
            let elapsed = Duration::from_secs(elapsed);
            let asked = asked.map(Duration::from_millis);
            if let Some(wait) = POLICY.wait(failures, elapsed, asked, jitter) {
                prop_assert!(wait <= POLICY.max_wait);
                prop_assert!(elapsed + wait <= POLICY.max_elapsed);
                prop_assert!(POLICY.first_wait.mul_f64(0.75) <= wait);
            }
        }
    }
}
