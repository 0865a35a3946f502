//! Options of a connection to a server.

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

/// Options of a connection to a W&B server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WandbOptions {
    /// The base URL, such as `https://api.wandb.ai`; may have a path.
    pub base_url: Url,
    /// The credentials of requests.
    pub credentials: Credentials,
    /// Additional headers of every request, uploads and downloads included.
    pub extra_headers: Vec<(String, String)>,
    /// The user's name and address, for the server.
    pub identity: Identity,
    /// The timeout of one GraphQL request.
    pub graphql_timeout: Duration,
    /// Retries of GraphQL requests.
    pub graphql_retries: RetryPolicy,
    /// Retries of uploads and downloads; only waits count towards their total time.
    pub transfer_retries: RetryPolicy,
    /// Is notified of failures that are retried.
    pub retry_observer: Option<Arc<dyn RetryObserver>>,
    /// The rate limit of uploads and downloads together, in bytes a second; `None` for no limit.
    pub bytes_per_second: Option<u64>,
    /// Whether the client is offline: every request fails at once.
    pub is_offline: bool,
    /// Contents of PEM files: certificates to trust in addition to the system's.
    pub extra_certificates: Vec<Arc<[u8]>>,
}

impl WandbOptions {
    /// Returns the defaults of the official client. Source: section 1.6 of the wire protocol.
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

    /// Returns the options of an offline client for the server at `base_url`. It needs no credentials.
    #[must_use]
    pub fn offline(base_url: Url) -> Self {
        Self {
            is_offline: true,
            ..Self::new(base_url, Credentials::ApiKey(Secret::new("")))
        }
    }
}

/// The credentials of requests.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// An API key.
    ApiKey(Secret),
    /// An identity token of another provider, which the server exchanges for an access token.
    IdentityToken {
        /// The file with the identity token, a JWT.
        token_file: PathBuf,
        /// The file that caches access tokens; shared with the official client.
        access_file: Option<PathBuf>,
    },
}

/// The user's name and address as the official client sends them, empty if unknown.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The user's name.
    pub username: String,
    /// The user's e-mail address.
    pub email: String,
}

/// A secret text, hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, to send it to a server.
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
