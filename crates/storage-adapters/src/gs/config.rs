//! What the resolver is told.

use std::fmt;
use std::path::PathBuf;

use crate::Retries;

/// Settings of [`GsResolver`](crate::GsResolver).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GsConfig {
    /// The service's URL.
    pub endpoint: String,
    /// Who asks.
    pub credentials: GsCredentials,
    /// How often the service is asked again.
    pub retries: Retries,
    /// How many objects a page of a listing has at most; 1,000 is the service's own limit.
    pub page_size: u16,
}

impl Default for GsConfig {
    /// Google's service, with the machine's credentials.
    fn default() -> Self {
        Self {
            endpoint: "https://storage.googleapis.com".to_owned(),
            credentials: GsCredentials::default(),
            retries: Retries::default(),
            page_size: 1_000,
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
