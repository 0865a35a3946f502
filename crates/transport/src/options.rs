//! How a server is reached.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Secret;
use super::http::RetryLimits;

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
    /// How often a GraphQL request is sent, and how long is waited in between.
    pub graphql_retries: RetryLimits,
    /// The same for uploads and downloads.
    pub transfer_retries: RetryLimits,
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
            graphql_retries: RetryLimits::default(),
            transfer_retries: RetryLimits::default(),
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
