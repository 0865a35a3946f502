//! What the resolver is told.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::{RetryObserver, RetryPolicy};

use crate::net::{DEFAULT_RETRIES, Retry};

/// Settings of [`GsResolver`](crate::GsResolver).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GsConfig {
    /// The service's URL.
    pub endpoint: String,
    /// Who asks.
    pub credentials: GsCredentials,
    /// Retries of requests.
    pub retries: RetryPolicy,
    /// Is notified of failures that are retried.
    pub retry_observer: Option<Arc<dyn RetryObserver>>,
    /// How many objects a page of a listing has at most; 1,000 is the service's own limit.
    pub page_size: u16,
}

impl Default for GsConfig {
    /// Google's service, with the machine's credentials.
    fn default() -> Self {
        Self {
            endpoint: "https://storage.googleapis.com".to_owned(),
            credentials: GsCredentials::default(),
            retries: DEFAULT_RETRIES,
            retry_observer: None,
            page_size: 1_000,
        }
    }
}

impl GsConfig {
    pub(super) fn retry(&self) -> Retry {
        Retry {
            policy: self.retries,
            observer: self.retry_observer.clone(),
        }
    }
}

/// Who asks.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum GsCredentials {
    /// Google's application default credentials: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, that of `gcloud`,
    /// the metadata server.
    #[default]
    ApplicationDefault,
    /// The key file of a service account.
    ServiceAccount(PathBuf),
    /// An access token, used until it expires.
    Token(String),
    /// Nobody: for public buckets, and emulators.
    Anonymous,
}

impl fmt::Debug for GsCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ApplicationDefault => "ApplicationDefault",
            Self::ServiceAccount(_) => "ServiceAccount(..)",
            Self::Token(_) => "Token(..)",
            Self::Anonymous => "Anonymous",
        })
    }
}
