//! The request quota of file streams, learnt from response headers. Source: section 1.7 of the wire protocol.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

/// Maximum requests at once after a pause.
const BURST: f64 = 10.0;

/// Number of requests over which the cost of one is averaged.
const WINDOW: u32 = 5;

/// The weight of the newest average against earlier ones.
const SMOOTHING: f64 = 0.2;

/// The lowest and the highest rate, in requests a second.
const RATES: (f64, f64) = (0.1, 65_536.0);

/// The quota that all runs of the process share.
#[derive(Debug)]
pub(crate) struct Quota(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Units of the quota that a request takes; `None` until known.
    per_request: Option<f64>,
    /// The units left when the window began, and the number of requests since.
    window: Option<(f64, u32)>,
    /// The time between two requests.
    interval: Duration,
    /// When the last request was due, had all kept the interval.
    last: Instant,
}

impl Quota {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            per_request: None,
            window: None,
            interval: Duration::ZERO,
            last: Instant::now(),
        }))
    }

    /// Waits until one more request is within the quota.
    pub(crate) async fn acquire(&self) {
        let at = {
            let mut state = self.state();
            let interval = state.interval;
            let next = state.last.max(Instant::now()) + interval;
            state.last = next;
            // The requests of a burst are ahead of their time.
            next.checked_sub(interval.mul_f64(BURST))
        };
        if let Some(at) = at {
            tokio::time::sleep_until(at).await;
        }
    }

    /// Learns from the headers of a response, if both are present and are numbers.
    pub(crate) fn observe(&self, headers: &HeaderMap) {
        let number = |name: &str| {
            let number: f64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
            (number.is_finite() && 0.0 <= number).then_some(number)
        };
        if let (Some(remaining), Some(reset)) =
            (number("RateLimit-Remaining"), number("RateLimit-Reset"))
        {
            self.state().learn(remaining, reset);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0
            .lock()
            .expect("no thread panics while it holds the quota")
    }
}

impl State {
    fn learn(&mut self, remaining: f64, reset: f64) {
        self.window = match self.window {
            // A higher value means that the quota was reset.
            Some((first, requests)) if remaining <= first => {
                let requests = requests + 1;
                if requests < WINDOW {
                    Some((first, requests))
                } else {
                    let taken = (first - remaining) / f64::from(requests);
                    self.per_request = Some(self.per_request.map_or(taken, |before| {
                        SMOOTHING.mul_add(taken, (1.0 - SMOOTHING) * before)
                    }));
                    Some((remaining, 0))
                }
            }
            _ => Some((remaining, 0)),
        };
        // Shortly before the reset, the quota tells nothing about a rate.
        if let Some(units) = self.per_request.filter(|units| 0.0 < *units)
            && 1.0 < reset
        {
            let rate = (remaining / reset / units).clamp(RATES.0, RATES.1);
            self.interval = Duration::from_secs_f64(1.0 / rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(remaining: &str, reset: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("RateLimit-Remaining", remaining.parse().unwrap());
        headers.insert("RateLimit-Reset", reset.parse().unwrap());
        headers
    }

    /// Returns the time that this number of requests takes, one after the other.
    async fn take(quota: &Quota, requests: u32) -> Duration {
        let began = Instant::now();
        for _ in 0..requests {
            quota.acquire().await;
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_that_shrinks_slows_down_to_what_is_left_of_it() {
        let quota = Quota::new();
        // Each request takes 10 units, and 60 units are left for the last 60 seconds.
        for remaining in [110, 100, 90, 80, 70, 60] {
            quota.observe(&headers(&remaining.to_string(), "60"));
        }
        take(&quota, 10).await;
        // 60 units are 6 requests: one every 10 seconds.
        let seconds = take(&quota, 6).await.as_secs();
        assert!((59..=60).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_constant_or_malformed_quota_does_not_slow_requests_down() {
        let quota = Quota::new();
        for _ in 0..20 {
            quota.observe(&headers("0", "60"));
            quota.observe(&headers("five", "60"));
            quota.observe(&headers("-5", "60"));
            quota.observe(&HeaderMap::new());
        }
        assert_eq!(take(&quota, 100).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_is_ten_seconds() {
        let quota = Quota::new();
        for remaining in [50, 40, 30, 20, 10, 0, 0] {
            quota.observe(&headers(&remaining.to_string(), "3600"));
        }
        take(&quota, 10).await;
        assert_eq!(take(&quota, 1).await.as_secs(), 10);
    }
}
