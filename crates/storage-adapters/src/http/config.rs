//! Settings of the resolver.

use std::fmt;
use std::sync::Arc;

use artifact_core::{InvalidValue, RetryObserver, RetryPolicy};
use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::net::Retry;

/// Settings of [`HttpResolver`](crate::HttpResolver).
#[derive(Clone, Default)]
pub struct HttpConfig {
    pub(super) retry: Retry,
    authorizations: Vec<(String, HeaderValue)>,
}

impl HttpConfig {
    /// Returns these settings with other retries of requests.
    #[must_use]
    pub fn with_retries(mut self, retries: RetryPolicy) -> Self {
        self.retry.policy = retries;
        self
    }

    /// Returns these settings with an observer, which is notified of failures that are retried.
    #[must_use]
    pub fn with_retry_observer(mut self, observer: Arc<dyn RetryObserver>) -> Self {
        self.retry.observer = Some(observer);
        self
    }

    /// Returns these settings, with `value` as the `Authorization` of requests to `origin`, such as
    /// `https://data.example.com`: the only place it is sent to, along redirects too.
    ///
    /// # Errors
    /// When `origin` is not an `http` or `https` URL, or `value` cannot be a header.
    pub fn with_authorization(mut self, origin: &str, value: &str) -> Result<Self, InvalidValue> {
        let refuse = |reason| InvalidValue::new("origin", origin, reason);
        let url: Url = origin.parse().map_err(|_| refuse("it is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("its scheme is not `http` or `https`"));
        }
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| refuse("the value for it holds what no header can"))?;
        value.set_sensitive(true);
        self.authorizations
            .push((url.origin().ascii_serialization(), value));
        Ok(self)
    }

    /// Returns the `Authorization` for `url`; the last one that was set counts.
    pub(super) fn authorization(&self, url: &Url) -> Option<&HeaderValue> {
        let origin = url.origin().ascii_serialization();
        let mut authorizations = self.authorizations.iter().rev();
        authorizations.find_map(|(for_origin, value)| (*for_origin == origin).then_some(value))
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<_> = self
            .authorizations
            .iter()
            .map(|(origin, _)| origin)
            .collect();
        formatter
            .debug_struct("HttpConfig")
            .field("retries", &self.retry.policy)
            .field("authorizations", &origins)
            .finish()
    }
}
