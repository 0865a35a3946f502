//! Clients of the service: one a region.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, Credentials, Region};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder as HttpBuilder, tls};
use tokio::sync::OnceCell;

use super::config::{S3Config, S3Credentials};
use crate::net::Retry;

/// Where the service is asked when nothing says where.
const DEFAULT_REGION: &str = "us-east-1";

/// Makes clients when they are needed, and remembers where each bucket is.
#[derive(Debug)]
pub(super) struct Clients {
    config: S3Config,
    base: OnceCell<Builder>,
    by_bucket: Mutex<HashMap<String, Client>>,
}

impl Clients {
    pub(super) fn new(config: S3Config) -> Self {
        Self {
            config,
            base: OnceCell::new(),
            by_bucket: Mutex::default(),
        }
    }

    pub(super) fn page_size(&self) -> i32 {
        self.config.page_size.clamp(1, 1_000).into()
    }

    /// Returns the retries of requests.
    pub(super) fn retry(&self) -> Retry {
        self.config.retry()
    }

    /// Returns the client for `bucket`.
    pub(super) async fn of(&self, bucket: &str) -> Client {
        if let Some(client) = self.known().get(bucket) {
            return client.clone();
        }
        let base = self.base.get_or_init(|| settings(&self.config)).await;
        let client = Client::from_conf(base.clone().build());
        self.known()
            .entry(bucket.to_owned())
            .or_insert(client)
            .clone()
    }

    /// Returns the client for `bucket`, which is in `region`.
    pub(super) async fn in_region(&self, bucket: &str, region: String) -> Client {
        let base = self.base.get_or_init(|| settings(&self.config)).await;
        let config = base.clone().region(Region::new(region)).build();
        let client = Client::from_conf(config);
        self.known().insert(bucket.to_owned(), client.clone());
        client
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Client>> {
        self.by_bucket
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what all clients share.
async fn settings(config: &S3Config) -> Builder {
    let http_client = HttpBuilder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client);
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &config.endpoint {
        loader = loader.endpoint_url(with_scheme(endpoint));
    }
    loader = match &config.credentials {
        S3Credentials::Chain => loader,
        S3Credentials::Profile(name) => loader.profile_name(name),
        S3Credentials::Anonymous => loader.no_credentials(),
        S3Credentials::Keys {
            access_key_id,
            secret_access_key,
            session_token,
        } => loader.credentials_provider(Credentials::new(
            access_key_id,
            secret_access_key,
            session_token.clone(),
            None,
            "settings",
        )),
    };
    let shared = loader.load().await;
    let mut builder = Builder::from(&shared)
        .force_path_style(config.uses_paths(shared.endpoint_url()))
        // `Bucket::call` repeats requests, by the policy of all resolvers.
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(20))
                .read_timeout(Duration::from_mins(1))
                .build(),
        );
    if shared.region().is_none() {
        builder = builder.region(Region::new(DEFAULT_REGION));
    }
    builder
}

fn with_scheme(endpoint: &str) -> String {
    if endpoint.contains("://") {
        endpoint.to_owned()
    } else {
        format!("https://{endpoint}")
    }
}
