//! Settings of the resolver.

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
    /// The credentials.
    pub credentials: GsCredentials,
    /// Retries of requests.
    pub retries: RetryPolicy,
    /// Is notified of failures that are retried.
    pub retry_observer: Option<Arc<dyn RetryObserver>>,
    /// Maximum objects in a page of a listing; the service's limit is 1,000.
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

/// The credentials.
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
    /// None, for public buckets and emulators.
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
