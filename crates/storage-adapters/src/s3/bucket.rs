//! One bucket, and how it is asked.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::clients::Clients;
use super::error::Failure;
use crate::net::{Transient, is_transient, retry_after};

/// What the service answered.
pub(super) type Answer<T, E> = Result<T, SdkError<E, HttpResponse>>;

/// One bucket, asked on behalf of one URI.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    clients: Arc<Clients>,
    pub(super) name: String,
    /// The URI that errors are about.
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
        F: Future<Output = Answer<T, E>>,
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
    async fn send<T, E, F>(&self, request: impl Fn() -> F) -> Answer<T, E>
    where
        F: Future<Output = Answer<T, E>>,
        E: ProvideErrorMetadata,
    {
        let place = format!("s3://{}", self.name);
        let retry = self.clients.retry();
        retry.run(&place, request, transient).await
    }

    /// Asks where the bucket is. The answer says so even when it refuses.
    async fn find_region(&self, client: &Client) -> Option<String> {
        let request = || client.head_bucket().bucket(&self.name).send();
        match self.send(request).await {
            Ok(found) => found.bucket_region().map(str::to_owned),
            Err(error) => header_region(&error),
        }
    }

    /// Returns what `failure` of a request means; `right` is the one that the request needs.
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

fn transient<T, E: ProvideErrorMetadata>(outcome: &Answer<T, E>) -> Option<Transient> {
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

/// Whether the answer is one that a service gives for a bucket elsewhere: it names no region when the request is HEAD.
fn may_be_elsewhere<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    matches!(status, Some(301 | 307 | 400))
}
