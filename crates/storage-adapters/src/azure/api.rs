//! Requests to the REST API.

use std::time::SystemTime;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Response, Url, header};

use super::config::{AzureConfig, AzureCredential};
use super::entra::Tokens;
use super::listed::Listed;
use super::shared_key;
use super::url::BlobUrl;
use crate::net::{HttpClient, Refusal};

/// What must be encoded in a value of a query.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What must be encoded in a path.
const PATH: &AsciiSet = &VALUE.remove(b'/');

/// The version of the API, the first in which blobs have versions and names of any character can be listed.
const VERSION: &str = "2021-12-02";

const RIGHT: &str = "the role Storage Blob Data Reader, an access key, or a signature with permissions `r` and, for prefixes, `l`";

/// The service.
#[derive(Debug)]
pub(super) struct Api {
    client: HttpClient,
    pub(super) config: AzureConfig,
    tokens: Tokens,
}

impl Api {
    pub(super) fn new(config: AzureConfig) -> Self {
        Self {
            client: HttpClient::new(config.retry()),
            config,
            tokens: Tokens::default(),
        }
    }

    /// Asks for a blob, or with HEAD for what is known of it.
    pub(super) async fn blob(
        &self,
        method: Method,
        at: &BlobUrl,
        uri: &ReferenceUri,
    ) -> Result<Response, ResolveError> {
        let query = match &at.version {
            Some(version) => format!("versionid={}", utf8_percent_encode(version, VALUE)),
            None => String::new(),
        };
        let path = format!("{}/{}", at.container, utf8_percent_encode(&at.name, PATH));
        self.send(method, at, &path, &query, uri).await
    }

    /// Returns a page of the blobs whose names start with `prefix`; with `include=versions` of all their versions.
    pub(super) async fn list(
        &self,
        at: &BlobUrl,
        prefix: &str,
        include: &str,
        marker: &str,
        uri: &ReferenceUri,
    ) -> Result<Listed, ResolveError> {
        let encode = |text| utf8_percent_encode(text, VALUE);
        let mut query = format!(
            "restype=container&comp=list&include={include}&prefix={}&maxresults={}",
            encode(prefix),
            self.config.page_size.clamp(1, 5_000)
        );
        if !marker.is_empty() {
            query = format!("{query}&marker={}", encode(marker));
        }
        let response = self
            .send(Method::GET, at, &at.container, &query, uri)
            .await?;
        let backend = |source| ResolveError::Backend {
            uri: uri.clone(),
            source,
        };
        let body = response.text().await;
        let body = body.map_err(|error| backend(Box::new(error.without_url())))?;
        Listed::parse(&body).map_err(|error| backend(Box::new(error)))
    }

    async fn send(
        &self,
        method: Method,
        at: &BlobUrl,
        path: &str,
        query: &str,
        uri: &ReferenceUri,
    ) -> Result<Response, ResolveError> {
        let credential = self.config.credential_of(&at.account);
        let signature = match (&at.signature, credential) {
            (Some(signature), _) => signature.as_str(),
            (None, AzureCredential::SharedAccess(signature)) => signature.trim_start_matches('?'),
            _ => "",
        };
        let query: Vec<_> = [query, signature]
            .into_iter()
            .filter(|q| !q.is_empty())
            .collect();
        let url = Url::parse(&format!("{}/{path}?{}", at.account, query.join("&")));
        let url = url.map_err(|error| ResolveError::Unsupported {
            uri: uri.clone(),
            reason: format!("it is not a URL: {error}"),
        })?;
        let authorization = match credential {
            _ if !signature.is_empty() => None,
            AzureCredential::Token(token) => Some(format!("Bearer {token}")),
            other => {
                let token = self
                    .tokens
                    .get(&self.client, &self.config, other, uri)
                    .await?;
                token.map(|token| format!("Bearer {token}"))
            }
        };
        let key = match credential {
            AzureCredential::AccessKey(key) if signature.is_empty() => Some(key),
            _ => None,
        };
        let sent = self
            .client
            .send(uri, method.clone(), url.as_str(), |request| {
                // Signed again for each attempt: a signature is good for a quarter of an hour.
                let date = now();
                let headers = [("x-ms-date", date.as_str()), ("x-ms-version", VERSION)];
                let by_key = key.and_then(|key| {
                    let account = shared_key::account_name(&at.account);
                    shared_key::authorization(account, key, method.as_str(), &url, &headers)
                });
                let request = headers.into_iter().fold(request, |request, (name, value)| {
                    request.header(name, value)
                });
                match authorization.clone().or(by_key) {
                    Some(value) => request.header(header::AUTHORIZATION, value),
                    None => request,
                }
            });
        let response = sent.await?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(error_of(Refusal::of(response).await, at, uri))
    }
}

fn error_of(refusal: Refusal, at: &BlobUrl, uri: &ReferenceUri) -> ResolveError {
    match refusal.code() {
        "ContainerNotFound" => {
            let container = format!("{}/{}", at.account, at.container).parse();
            ResolveError::NotFound {
                uri: container.unwrap_or_else(|_| uri.clone()),
            }
        }
        "PublicAccessNotPermitted" | "NoAuthenticationInformation" => ResolveError::Denied {
            uri: uri.clone(),
            needed: RIGHT.to_owned(),
            source: Box::new(refusal),
        },
        _ => refusal.into_error(uri, RIGHT),
    }
}

/// Returns the time as HTTP writes it.
#[expect(
    clippy::disallowed_methods,
    reason = "a signature holds the time of the request; no rule depends on it"
)]
fn now() -> String {
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
