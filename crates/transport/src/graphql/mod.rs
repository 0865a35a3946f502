//! Questions in GraphQL: one file per topic, each operation checked against `wandb.graphql` when this is compiled.

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

/// The marker types that the operations are checked with.
#[cynic::schema("wandb")]
#[expect(unreachable_pub, reason = "it is generated")]
mod schema {}

use super::http::{Http, HttpFailure, RetryRule, successful};
use super::options::{Identity, WandbOptions};

/// Asks a server's GraphQL endpoint.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    http: Http,
    headers: HeaderMap,
    timeout: Duration,
    retries: RetryPolicy,
}

/// Why a question was not answered.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// Nothing was understood, or nobody was there.
    Failed(HttpFailure),
    /// The server understood, and said no.
    Refused(String),
}

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(formatter),
            Self::Refused(message) => formatter.write_str(message),
        }
    }
}

impl std::error::Error for Unanswered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(failure) => std::error::Error::source(failure),
            Self::Refused(_) => None,
        }
    }
}

impl From<HttpFailure> for Unanswered {
    fn from(failure: HttpFailure) -> Self {
        Self::Failed(failure)
    }
}

impl Graph {
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

    /// Asks, again where that may help, and returns the data.
    pub(super) async fn ask<Q, V>(&self, operation: Operation<Q, V>) -> Result<Q, Unanswered>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        self.ask_by(RetryRule::GraphQl, operation).await
    }

    /// As [`ask`](Self::ask), by another rule on what may pass.
    pub(super) async fn ask_by<Q, V>(
        &self,
        rule: RetryRule,
        operation: Operation<Q, V>,
    ) -> Result<Q, Unanswered>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        let response: GraphQlResponse<Q> = self.answer(rule, &operation).await?;
        if let Some(errors) = response.errors.filter(|errors| !errors.is_empty()) {
            let messages = errors.into_iter().map(|error| error.message);
            return Err(Unanswered::Refused(messages.collect::<Vec<_>>().join("; ")));
        }
        response.data.ok_or_else(|| {
            HttpFailure::unreadable("the answer holds neither data nor errors").into()
        })
    }

    /// As [`ask`](Self::ask), but takes what data there are, even beside errors.
    pub(super) async fn ask_leniently<Q, V>(
        &self,
        operation: Operation<Q, V>,
    ) -> Result<Option<Q>, Unanswered>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        let response: GraphQlResponse<Q> = self.answer(RetryRule::GraphQl, &operation).await?;
        Ok(response.data)
    }

    async fn answer<Q, V>(
        &self,
        rule: RetryRule,
        operation: &Operation<Q, V>,
    ) -> Result<GraphQlResponse<Q>, HttpFailure>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize + Send + Sync,
    {
        let body = serde_json::to_vec(operation).map_err(|error| {
            HttpFailure::unreadable(format!("the question is no JSON: {error}"))
        })?;
        let answer = self.post(rule, body.into()).await?;
        serde_json::from_slice(&answer).map_err(|error| {
            let what = if answer.first() == Some(&b'<') {
                "the answer is a web page: is this the URL of a W&B server's API?".to_owned()
            } else {
                format!("the answer cannot be read: {error}")
            };
            HttpFailure::unreadable(what)
        })
    }

    /// Sends a document with its variables, again where that may help, and returns the answer's body.
    async fn post(&self, rule: RetryRule, body: bytes::Bytes) -> Result<bytes::Bytes, HttpFailure> {
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
            let answer = successful(request.send().await).await?;
            Ok(answer.bytes().await?)
        });
        sent.await
    }
}

/// The headers that say who asks; sent even where nothing is known, as the official client does.
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
