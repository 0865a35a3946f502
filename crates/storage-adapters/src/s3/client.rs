//! The client: requests to one bucket, in its own region, with retries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use aws_config::BehaviorVersion;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder as HttpBuilder, tls};
use tokio::sync::OnceCell;

use super::config::{S3Config, S3Credentials};
use super::error::Failure;
use crate::net::{Retry, Transient, is_transient, retry_after};

/// The result of a request.
pub(super) type SdkResult<T, E> = Result<T, SdkError<E, HttpResponse>>;

/// One bucket, on behalf of one URI.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    clients: Arc<Clients>,
    pub(super) name: String,
    /// The URI for errors.
    pub(super) uri: ReferenceUri,
}

impl Bucket {
    pub(super) fn new(clients: Arc<Clients>, name: String, uri: ReferenceUri) -> Self {
        Self { clients, name, uri }
    }

    pub(super) fn page_size(&self) -> i32 {
        self.clients.page_size()
    }

    /// Sends a request, and again to the bucket's region when it is another one.
    pub(super) async fn call<T, E, F>(&self, request: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = SdkResult<T, E>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let client = self.clients.of(&self.name).await;
        let asked = region_of(&client);
        let error = match self.send(|| request(client.clone())).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let region = match header_region(&error) {
            Some(region) => Some(region),
            None if may_be_elsewhere(&error) => self.find_region(&client).await,
            None => None,
        };
        match region {
            Some(region) if asked.as_deref() != Some(region.as_str()) => {
                tracing::debug!(
                    bucket = self.name,
                    region,
                    "the bucket is in another region"
                );
                let client = self.clients.in_region(&self.name, region).await;
                Ok(self.send(|| request(client.clone())).await?)
            }
            _ => Err(error.into()),
        }
    }

    /// Sends a request, again after transient failures.
    async fn send<T, E, F>(&self, request: impl Fn() -> F) -> SdkResult<T, E>
    where
        F: Future<Output = SdkResult<T, E>>,
        E: ProvideErrorMetadata,
    {
        let place = format!("s3://{}", self.name);
        let retry = self.clients.retry();
        retry.run(&place, request, transient).await
    }

    /// Queries the bucket's region. The response has it even when it is a rejection.
    async fn find_region(&self, client: &Client) -> Option<String> {
        let request = || client.head_bucket().bucket(&self.name).send();
        match self.send(request).await {
            Ok(found) => found.bucket_region().map(str::to_owned),
            Err(error) => header_region(&error),
        }
    }

    /// Returns the error for a failed request; `right` is the permission that the request needs.
    pub(super) fn error(&self, failure: Failure, right: &str) -> ResolveError {
        failure.into_error(&self.uri, &self.name, right)
    }
}

fn region_of(client: &Client) -> Option<String> {
    client.config().region().map(ToString::to_string)
}

fn header_region<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let region = error.raw_response()?.headers().get("x-amz-bucket-region")?;
    (!region.is_empty()).then(|| region.to_owned())
}

/// Codes of failures that may pass, beside those with a transient status.
const TRANSIENT_CODES: &[&str] = &[
    "BandwidthLimitExceeded",
    "InternalError",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

fn transient<T, E: ProvideErrorMetadata>(outcome: &SdkResult<T, E>) -> Option<Transient> {
    let error = outcome.as_ref().err()?;
    let is_passing = match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
        SdkError::ServiceError(failure) => {
            is_transient(failure.raw().status().as_u16())
                || failure
                    .err()
                    .code()
                    .is_some_and(|code| TRANSIENT_CODES.contains(&code))
        }
        _ => false,
    };
    let response = error.raw_response();
    let retry_after_header = response.and_then(|response| response.headers().get("retry-after"));
    is_passing.then(|| Transient {
        error: match (response, error.code()) {
            (Some(response), Some(code)) => {
                format!("the service responded with {} {code}", response.status())
            }
            (Some(response), None) => format!("the service responded with {}", response.status()),
            (None, _) => error.to_string(),
        },
        retry_after: retry_after(retry_after_header),
    })
}

/// Whether the response may mean a bucket in another region: a response to HEAD does not name the region.
fn may_be_elsewhere<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    matches!(status, Some(301 | 307 | 400))
}

/// The region if none is configured.
const DEFAULT_REGION: &str = "us-east-1";

/// Creates clients on first use, one a region, and caches the client of each bucket.
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

/// Returns the configuration that all clients share.
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
