//! How a server is reached.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use artifact_core::{RetryObserver, RetryPolicy};
use url::Url;

/// The retries of the official client, with a total time that ends them where every attempt times out.
const DEFAULT_RETRIES: RetryPolicy = RetryPolicy {
    max_attempts: 21,
    first_wait: Duration::from_secs(2),
    max_wait: Duration::from_mins(1),
    max_elapsed: Duration::from_mins(20),
};

/// How a server is reached, and as whom.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WandbOptions {
    /// The base URL, such as `https://api.wandb.ai`; may have a path.
    pub base_url: Url,
    /// Who asks.
    pub credentials: Credentials,
    /// Headers that go along with every request, uploads and downloads included.
    pub extra_headers: Vec<(String, String)>,
    /// What the server may know of whoever asks.
    pub identity: Identity,
    /// How long one GraphQL request may take.
    pub graphql_timeout: Duration,
    /// Retries of GraphQL requests.
    pub graphql_retries: RetryPolicy,
    /// Retries of uploads and downloads; only waits count towards their total time.
    pub transfer_retries: RetryPolicy,
    /// Is notified of failures that are retried.
    pub retry_observer: Option<Arc<dyn RetryObserver>>,
    /// The most bytes a second that uploads and downloads together may take; `None` for no limit.
    pub bytes_per_second: Option<u64>,
    /// Whether nothing is asked at all: every question fails at once.
    pub is_offline: bool,
    /// PEM files' contents: certificates that are trusted beside the system's.
    pub extra_certificates: Vec<Arc<[u8]>>,
}

impl WandbOptions {
    /// Returns the options that the official client has by default. Source: section 1.6 of the wire protocol.
    #[must_use]
    pub fn new(base_url: Url, credentials: Credentials) -> Self {
        Self {
            base_url,
            credentials,
            extra_headers: Vec::new(),
            identity: Identity::default(),
            graphql_timeout: Duration::from_secs(30),
            graphql_retries: DEFAULT_RETRIES,
            transfer_retries: DEFAULT_RETRIES,
            retry_observer: None,
            bytes_per_second: None,
            is_offline: false,
            extra_certificates: Vec::new(),
        }
    }

    /// Returns the options of whoever asks the server at `base_url` nothing, and so needs no credentials.
    #[must_use]
    pub fn offline(base_url: Url) -> Self {
        Self {
            is_offline: true,
            ..Self::new(base_url, Credentials::ApiKey(Secret::new("")))
        }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// Whoever has this API key.
    ApiKey(Secret),
    /// Whoever somebody else says it is.
    IdentityToken {
        /// The file with the token that says it, a JWT.
        token_file: PathBuf,
        /// The file that keeps what the server gives for the token; shared with the official client.
        access_file: Option<PathBuf>,
    },
}

/// What the server may know of whoever asks: the official client sends both, empty where they are not known.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The user's name.
    pub username: String,
    /// The user's e-mail address.
    pub email: String,
}

/// A text that is shown to a server and to nobody else: it never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` to itself.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, for whoever must show it to a server.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}
