//! The GraphQL client, and the operations by topic, each checked against `wandb.graphql` at compile time.

mod account;
mod artifacts;
mod batch;
mod collections;
mod create;
pub(crate) mod records;
mod runs;
mod scalars;
mod update;

use std::fmt;
use std::time::Duration;

use artifact_core::RetryPolicy;
use cynic::{GraphQlResponse, Operation};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) use account::*;
pub(super) use artifacts::*;
pub(super) use collections::*;
pub(super) use create::*;
pub(super) use runs::*;
pub(super) use scalars::{
    ArtifactState, DateTime, DigestAlgorithmName, Int64, JsonText, ManifestType, StorageLayout,
};
pub(super) use update::*;

/// Marker types of the schema, which operations are checked against.
#[cynic::schema("wandb")]
#[expect(unreachable_pub, reason = "it is generated")]
mod schema {}

use super::http::{Http, HttpError, RetryRule, require_success_status};
use super::options::{Identity, WandbOptions};

/// A client for a server's GraphQL endpoint.
#[derive(Debug, Clone)]
pub(super) struct GraphQlClient {
    http: Http,
    headers: HeaderMap,
    timeout: Duration,
    retries: RetryPolicy,
}

/// A failed GraphQL operation.
#[derive(Debug)]
pub(super) enum GraphQlError {
    /// The request failed, or its response is malformed.
    Http(HttpError),
    /// The server rejected the operation.
    Rejected(String),
}

impl fmt::Display for GraphQlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(formatter),
            Self::Rejected(message) => formatter.write_str(message),
        }
    }
}

impl std::error::Error for GraphQlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Http(error) => std::error::Error::source(error),
            Self::Rejected(_) => None,
        }
    }
}

impl From<HttpError> for GraphQlError {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl GraphQlClient {
    pub(super) fn new(http: Http, options: &WandbOptions) -> Self {
        Self {
            http,
            headers: identity(&options.identity),
            timeout: options.graphql_timeout,
            retries: options.graphql_retries,
        }
    }

    /// Returns the retries of requests.
    pub(super) const fn retries(&self) -> RetryPolicy {
        self.retries
    }

    /// Executes an operation, with retries; returns the data.
    pub(super) async fn execute<Q, V>(&self, operation: Operation<Q, V>) -> Result<Q, GraphQlError>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        self.execute_by(RetryRule::GraphQl, operation).await
    }

    /// As [`execute`](Self::execute), with another rule on transient failures.
    pub(super) async fn execute_by<Q, V>(
        &self,
        rule: RetryRule,
        operation: Operation<Q, V>,
    ) -> Result<Q, GraphQlError>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        let response: GraphQlResponse<Q> = self.response(rule, &operation).await?;
        if let Some(errors) = response.errors.filter(|errors| !errors.is_empty()) {
            let messages = errors.into_iter().map(|error| error.message);
            return Err(GraphQlError::Rejected(
                messages.collect::<Vec<_>>().join("; "),
            ));
        }
        response
            .data
            .ok_or_else(|| HttpError::new("the response has neither data nor errors").into())
    }

    /// As [`execute`](Self::execute), but returns partial data even if there are errors.
    pub(super) async fn execute_lenient<Q, V>(
        &self,
        operation: Operation<Q, V>,
    ) -> Result<Option<Q>, GraphQlError>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        let response: GraphQlResponse<Q> = self.response(RetryRule::GraphQl, &operation).await?;
        Ok(response.data)
    }

    async fn response<Q, V>(
        &self,
        rule: RetryRule,
        operation: &Operation<Q, V>,
    ) -> Result<GraphQlResponse<Q>, HttpError>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        let body = serde_json::to_vec(operation).map_err(|error| {
            HttpError::new(format!("the request cannot be written as JSON: {error}"))
        })?;
        let response = self.post(rule, body.into()).await?;
        serde_json::from_slice(&response).map_err(|error| {
            let what = if response.first() == Some(&b'<') {
                "the response is a web page: is this the URL of a W&B server's API?".to_owned()
            } else {
                format!("the response is malformed: {error}")
            };
            HttpError::new(what)
        })
    }

    /// Sends a document with its variables, with retries; returns the response's body.
    async fn post(&self, rule: RetryRule, body: bytes::Bytes) -> Result<bytes::Bytes, HttpError> {
        let retry = self.http.retry(rule, self.retries, "GraphQL request", None);
        let sent = retry.run(|| async {
            let request = self
                .http
                .authorized(Method::POST, "graphql")
                .await?
                .headers(self.headers.clone())
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .timeout(self.timeout)
                .body(body.clone());
            let response = require_success_status(request.send().await).await?;
            Ok(response.bytes().await?)
        });
        sent.await
    }
}

/// The headers with the user's name and address; sent even if they are unknown, as by the official client.
fn identity(identity: &Identity) -> HeaderMap {
    [
        ("x-wandb-username", &identity.username),
        ("x-wandb-user-email", &identity.email),
    ]
    .into_iter()
    .map(|(name, value)| {
        let value = HeaderValue::try_from(value.as_str());
        let value = value.unwrap_or_else(|_| HeaderValue::from_static(""));
        (HeaderName::from_static(name), value)
    })
    .collect()
}
