//! Settings of the resolver.

use std::fmt;
use std::sync::Arc;

use artifact_core::{RetryObserver, RetryPolicy};

use crate::net::{DEFAULT_RETRIES, Retry};

/// Settings of [`AzureResolver`](crate::AzureResolver).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AzureConfig {
    /// Accounts with credentials of their own, by URL: `https://<account>.blob.core.windows.net`, or that of another
    /// service, with the account in it where the service has it there: `http://127.0.0.1:10000/devstoreaccount1`.
    pub accounts: Vec<(String, AzureCredential)>,
    /// The credential of all other accounts.
    pub credential: AzureCredential,
    /// The URL of the authority that exchanges client secrets for tokens.
    pub authority: String,
    /// Retries of requests.
    pub retries: RetryPolicy,
    /// Is notified of failures that are retried.
    pub retry_observer: Option<Arc<dyn RetryObserver>>,
    /// Maximum blobs in a page of a listing; the service's limit is 5,000.
    pub page_size: u16,
}

impl Default for AzureConfig {
    /// Public containers only.
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            credential: AzureCredential::default(),
            authority: "https://login.microsoftonline.com".to_owned(),
            retries: DEFAULT_RETRIES,
            retry_observer: None,
            page_size: 5_000,
        }
    }
}

/// The credentials.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AzureCredential {
    /// None, for public containers and for signed URLs.
    #[default]
    Anonymous,
    /// An account's access key, in base64; the account is that of the URL.
    AccessKey(String),
    /// A shared access signature, with or without its `?`.
    SharedAccess(String),
    /// An access token, used until it expires.
    Token(String),
    /// An application registered with Microsoft Entra.
    ClientSecret {
        /// The tenant's id.
        tenant_id: String,
        /// The application's id.
        client_id: String,
        /// The application's secret.
        client_secret: String,
    },
    /// The identity of the machine this runs on; of several, the one with this client id.
    ManagedIdentity(Option<String>),
}

impl fmt::Debug for AzureCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::AccessKey(_) => "AccessKey(..)",
            Self::SharedAccess(_) => "SharedAccess(..)",
            Self::Token(_) => "Token(..)",
            Self::ClientSecret { .. } => "ClientSecret(..)",
            Self::ManagedIdentity(_) => "ManagedIdentity(..)",
        })
    }
}

/// The suffix of the host of every account in the public cloud.
const HOSTS: &str = ".blob.core.windows.net";

impl AzureConfig {
    pub(super) fn retry(&self) -> Retry {
        Retry {
            policy: self.retries,
            observer: self.retry_observer.clone(),
        }
    }

    /// Returns the part of `url` that names the account, if it is the URL of one.
    pub(super) fn account_of<'a>(&self, url: &'a str) -> Option<&'a str> {
        let configured = self.accounts.iter().find_map(|(account, _)| {
            let account = account.trim_end_matches('/');
            let rest = url.strip_prefix(account)?;
            (rest.is_empty() || rest.starts_with(['/', '?'])).then(|| &url[..account.len()])
        });
        configured.or_else(|| {
            let rest = url.strip_prefix("https://")?;
            let host = rest.split(['/', '?', '#']).next()?;
            host.ends_with(HOSTS)
                .then(|| &url[.."https://".len() + host.len()])
        })
    }

    /// Returns the credential of `account`.
    pub(super) fn credential_of(&self, account: &str) -> &AzureCredential {
        self.accounts
            .iter()
            .find(|(url, _)| url.trim_end_matches('/') == account)
            .map_or(&self.credential, |(_, credential)| credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_told_from_other_urls() {
        let config = AzureConfig {
            accounts: vec![(
                "http://127.0.0.1:10000/dev/".to_owned(),
                AzureCredential::Token("t".to_owned()),
            )],
            ..AzureConfig::default()
        };
        for (url, account) in [
            (
                "https://a.blob.core.windows.net/c/b",
                Some("https://a.blob.core.windows.net"),
            ),
            (
                "https://a.blob.core.windows.net",
                Some("https://a.blob.core.windows.net"),
            ),
            (
                "http://127.0.0.1:10000/dev/c/b",
                Some("http://127.0.0.1:10000/dev"),
            ),
            ("http://127.0.0.1:10000/development/c", None),
            ("http://a.blob.core.windows.net/c/b", None),
            ("https://blob.core.windows.net/c/b", None),
            ("https://a.blob.core.windows.net.evil.com/c/b", None),
            ("https://evil.com/.blob.core.windows.net", None),
        ] {
            assert_eq!(config.account_of(url), account, "{url}");
        }
        let credential = config.credential_of("http://127.0.0.1:10000/dev");
        assert_eq!(*credential, AzureCredential::Token("t".to_owned()));
        assert_eq!(
            *config.credential_of("https://a.blob.core.windows.net"),
            AzureCredential::Anonymous
        );
        assert!(!format!("{config:?}").contains("\"t\""));
    }
}
