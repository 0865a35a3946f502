//! How often the file stream may be written to, as the server's headers say. Source: section 1.7 of the wire protocol.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

/// How many requests may go at once after a pause.
const BURST: f64 = 10.0;

/// How many requests say how much of the quota one takes.
const WINDOW: u32 = 5;

/// How much the newest window counts against those before it.
const SMOOTHING: f64 = 0.2;

/// The lowest and highest rates, in requests a second.
const RATES: (f64, f64) = (0.1, 65_536.0);

/// The quota that all runs of this process share.
#[derive(Debug)]
pub(crate) struct Quota(Mutex<State>);

#[derive(Debug)]
struct State {
    /// How many units a request takes; `None` until the server has told it.
    per_request: Option<f64>,
    /// What remained when the window began, and how many requests there were since.
    window: Option<(f64, u32)>,
    /// The time between two requests.
    interval: Duration,
    /// When the last request would have gone, had all kept the interval.
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

    /// Waits until one more request may go.
    pub(crate) async fn pass(&self) {
        let at = {
            let mut state = self.state();
            let interval = state.interval;
            let next = state.last.max(Instant::now()) + interval;
            state.last = next;
            // Those of a burst go ahead of their time.
            next.checked_sub(interval.mul_f64(BURST))
        };
        if let Some(at) = at {
            tokio::time::sleep_until(at).await;
        }
    }

    /// Learns from the answer to a request. One without both headers, or with others than numbers, says nothing.
    pub(crate) fn heard(&self, headers: &HeaderMap) {
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
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn learn(&mut self, remaining: f64, reset: f64) {
        self.window = match self.window {
            // More than before: the quota has begun anew.
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
        // Shortly before it begins anew, the quota says nothing about a rate.
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

    /// Returns how long so many requests take, one after the other.
    async fn take(quota: &Quota, requests: u32) -> Duration {
        let began = Instant::now();
        for _ in 0..requests {
            quota.pass().await;
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_that_shrinks_slows_down_to_what_is_left_of_it() {
        let quota = Quota::new();
        // Each request takes 10 of what is left, and 60 are left for the last 60 seconds.
        for remaining in [110, 100, 90, 80, 70, 60] {
            quota.heard(&headers(&remaining.to_string(), "60"));
        }
        take(&quota, 10).await;
        // 60 units are 6 requests, a tenth of one a second.
        let seconds = take(&quota, 6).await.as_secs();
        assert!((59..=60).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_that_does_not_shrink_or_is_none_slows_nobody_down() {
        let quota = Quota::new();
        for _ in 0..20 {
            quota.heard(&headers("0", "60"));
            quota.heard(&headers("five", "60"));
            quota.heard(&headers("-5", "60"));
            quota.heard(&HeaderMap::new());
        }
        assert_eq!(take(&quota, 100).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_is_ten_seconds() {
        let quota = Quota::new();
        for remaining in [50, 40, 30, 20, 10, 0, 0] {
            quota.heard(&headers(&remaining.to_string(), "3600"));
        }
        take(&quota, 10).await;
        assert_eq!(take(&quota, 1).await.as_secs(), 10);
    }
}
