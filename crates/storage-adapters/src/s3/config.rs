//! Settings of the resolver.

use std::fmt;
use std::sync::Arc;

use artifact_core::{RetryObserver, RetryPolicy};

use crate::net::{DEFAULT_RETRIES, Retry};

/// Settings of [`S3Resolver`](crate::S3Resolver).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct S3Config {
    /// The service's URL, for services other than Amazon's: `https://storage.example.com`.
    pub endpoint: Option<String>,
    /// The region to ask first; without it that of the environment, else `us-east-1`.
    pub region: Option<String>,
    /// The place of the bucket's name in requests.
    pub addressing: S3Addressing,
    /// The credentials.
    pub credentials: S3Credentials,
    /// Retries of requests.
    pub retries: RetryPolicy,
    /// Is notified of failures that are retried.
    pub retry_observer: Option<Arc<dyn RetryObserver>>,
    /// Maximum keys in a page of a listing; the protocol's limit is 1,000.
    pub page_size: u16,
}

impl Default for S3Config {
    /// Amazon S3, with the credentials and the region of the machine.
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            addressing: S3Addressing::default(),
            credentials: S3Credentials::default(),
            retries: DEFAULT_RETRIES,
            retry_observer: None,
            page_size: 1_000,
        }
    }
}

/// The place of the bucket's name in a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum S3Addressing {
    /// In the host name at Amazon and at CoreWeave, in the path at other endpoints.
    #[default]
    Automatic,
    /// In the host name: `bucket.storage.example.com`.
    Host,
    /// In the path: `storage.example.com/bucket`.
    Path,
}

/// The credentials.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum S3Credentials {
    /// The AWS tools' own chain: environment, profile files, web identity, container, instance.
    #[default]
    Chain,
    /// The chain, with this profile.
    Profile(String),
    /// None, for public buckets.
    Anonymous,
    /// These keys.
    Keys {
        /// The access key's id.
        access_key_id: String,
        /// Its secret.
        secret_access_key: String,
        /// The token of temporary keys.
        session_token: Option<String>,
    },
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Chain => "Chain",
            Self::Profile(_) => "Profile(..)",
            Self::Anonymous => "Anonymous",
            Self::Keys { .. } => "Keys(..)",
        })
    }
}

impl S3Config {
    pub(super) fn retry(&self) -> Retry {
        Retry {
            policy: self.retries,
            observer: self.retry_observer.clone(),
        }
    }

    /// Whether the path names the bucket at `endpoint`.
    pub(super) fn uses_paths(&self, endpoint: Option<&str>) -> bool {
        match (self.addressing, endpoint) {
            (S3Addressing::Host, _) | (S3Addressing::Automatic, None) => false,
            (S3Addressing::Path, _) => true,
            (S3Addressing::Automatic, Some(endpoint)) => !names_buckets_by_host(endpoint),
        }
    }
}

/// Whether an endpoint takes buckets in host names only. Source: the S3 handler of wandb 0.31.0 knows these.
fn names_buckets_by_host(endpoint: &str) -> bool {
    let host = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or(host);
    host == "cwobject.com"
        || host == "cwlota.com"
        || host.ends_with(".amazonaws.com")
        || host.ends_with(".coreweave.com")
            && (host.starts_with("object.") || host.starts_with("accel-object."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_named_where_the_endpoint_expects_them() {
        let uses_paths = |endpoint| S3Config::default().uses_paths(endpoint);
        assert!(!uses_paths(None));
        for endpoint in [
            "https://cwobject.com",
            "http://cwlota.com/",
            "https://object.us-east-04a.coreweave.com",
            "https://s3.eu-west-1.amazonaws.com",
        ] {
            assert!(!uses_paths(Some(endpoint)), "{endpoint}");
        }
        for endpoint in ["http://127.0.0.1:9000", "https://storage.example.com"] {
            assert!(uses_paths(Some(endpoint)), "{endpoint}");
        }
    }

    #[test]
    fn credentials_do_not_print() {
        let credentials = S3Credentials::Keys {
            access_key_id: "id".to_owned(),
            secret_access_key: "pw".to_owned(),
            session_token: None,
        };
        assert_eq!(format!("{credentials:?}"), "Keys(..)");
    }
}
