//! Requests to the JSON API.

use std::fmt;
use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use gcp_auth::{CustomServiceAccount, TokenProvider};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Response, header};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::config::{GsConfig, GsCredentials};
use super::uri::GsUri;
use crate::net::{HttpClient, Refusal};

/// The characters to encode in path segments and query values.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The scope of access tokens.
const SCOPES: &[&str] = &["https://www.googleapis.com/auth/devstorage.read_only"];

/// The permissions for reading.
const RIGHT: &str = "storage.objects.get for objects and storage.objects.list for prefixes";

/// The requested fields of an object's metadata.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) etag: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) size: Option<u64>,
    #[serde(default, deserialize_with = "number")]
    pub(super) generation: Option<u64>,
}

/// The start of a page of a listing.
#[derive(Debug, Clone, Default)]
pub(super) struct At {
    /// The first name of the listing.
    pub(super) from: Option<String>,
    /// The service's continuation token.
    pub(super) token: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    #[serde(default)]
    pub(super) items: Vec<Metadata>,
    /// The folders, if they were requested.
    #[serde(default)]
    pub(super) prefixes: Vec<String>,
    pub(super) next_page_token: Option<String>,
}

/// Parses a number that the service writes as text, and emulators as a number.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(match value {
        Some(serde_json::Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
        None => None,
    })
}

/// A client for the service, with credentials.
pub(super) struct Api {
    client: HttpClient,
    config: GsConfig,
    tokens: OnceCell<Arc<dyn TokenProvider>>,
}

impl fmt::Debug for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Api")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Api {
    pub(super) fn new(config: GsConfig) -> Self {
        Self {
            client: HttpClient::new(config.retry()),
            config,
            tokens: OnceCell::new(),
        }
    }

    /// Returns an object's metadata.
    pub(super) async fn metadata(
        &self,
        at: &GsUri,
        uri: &ReferenceUri,
    ) -> Result<Metadata, ResolveError> {
        let query = format!("fields=name,etag,size,generation{}", generation(at));
        json(uri, self.get(&Self::object(at), &query, uri).await?).await
    }

    /// Returns the response with an object's content.
    pub(super) async fn media(
        &self,
        at: &GsUri,
        uri: &ReferenceUri,
    ) -> Result<Response, ResolveError> {
        let query = format!("alt=media{}", generation(at));
        self.get(&Self::object(at), &query, uri).await
    }

    /// Returns the page at `at` of the objects below `prefix`.
    pub(super) async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        at: &At,
        uri: &ReferenceUri,
    ) -> Result<Listed, ResolveError> {
        let size = self.config.page_size.clamp(1, 1_000);
        let rest =
            format!("maxResults={size}&fields=items(name,etag,size,generation),nextPageToken");
        self.listed(bucket, prefix, at, &rest, uri).await
    }

    /// Returns some of the folders in `folder`, from the name `from` on.
    pub(super) async fn folders(
        &self,
        bucket: &str,
        folder: &str,
        from: &str,
        uri: &ReferenceUri,
    ) -> Result<Vec<String>, ResolveError> {
        let at = At {
            from: Some(from.to_owned()),
            token: None,
        };
        let rest = "maxResults=1000&delimiter=%2F&fields=prefixes";
        let listed = self.listed(bucket, folder, &at, rest, uri).await?;
        Ok(listed.prefixes)
    }

    async fn listed(
        &self,
        bucket: &str,
        prefix: &str,
        at: &At,
        rest: &str,
        uri: &ReferenceUri,
    ) -> Result<Listed, ResolveError> {
        let encode = |text| utf8_percent_encode(text, ENCODED);
        let mut query = format!("prefix={}&{rest}", encode(prefix));
        if let Some(from) = &at.from {
            query = format!("{query}&startOffset={}", encode(from));
        }
        if let Some(token) = &at.token {
            query = format!("{query}&pageToken={}", encode(token));
        }
        let path = format!("b/{}/o", encode(bucket));
        json(uri, self.get(&path, &query, uri).await?).await
    }

    fn object(at: &GsUri) -> String {
        let encode = |text| utf8_percent_encode(text, ENCODED);
        format!("b/{}/o/{}", encode(&at.bucket), encode(&at.key))
    }

    async fn get(
        &self,
        path: &str,
        query: &str,
        uri: &ReferenceUri,
    ) -> Result<Response, ResolveError> {
        let endpoint = self.config.endpoint.trim_end_matches('/');
        let url = format!("{endpoint}/storage/v1/{path}?{query}");
        let token = self.token(uri).await?;
        let sent = self.client.send(uri, Method::GET, &url, |request| {
            // Otherwise the service decompresses objects stored with gzip, and their digests do not match.
            let request = request.header(header::ACCEPT_ENCODING, "gzip");
            match &token {
                Some(token) => request.bearer_auth(token),
                None => request,
            }
        });
        let response = sent.await?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(Refusal::of(response).await.into_error(uri, RIGHT))
    }

    async fn token(&self, uri: &ReferenceUri) -> Result<Option<String>, ResolveError> {
        let denied = |source: gcp_auth::Error| {
            ResolveError::Denied {
            uri: uri.clone(),
            needed: "Google credentials: a key file, `gcloud auth application-default login`, or an instance's own; \
                     public buckets can be read anonymously"
                .to_owned(),
            source: Box::new(source),
        }
        };
        let provider = match &self.config.credentials {
            GsCredentials::Anonymous => return Ok(None),
            GsCredentials::Token(token) => return Ok(Some(token.clone())),
            GsCredentials::ApplicationDefault => {
                self.tokens.get_or_try_init(gcp_auth::provider).await
            }
            GsCredentials::ServiceAccount(path) => {
                let from_file = async || {
                    let account = CustomServiceAccount::from_file(path)?;
                    Ok::<Arc<dyn TokenProvider>, gcp_auth::Error>(Arc::new(account))
                };
                self.tokens.get_or_try_init(from_file).await
            }
        };
        let token = provider.map_err(denied)?.token(SCOPES).await;
        Ok(Some(token.map_err(denied)?.as_str().to_owned()))
    }
}

fn generation(at: &GsUri) -> String {
    at.version
        .map(|generation| format!("&generation={generation}"))
        .unwrap_or_default()
}

async fn json<T: serde::de::DeserializeOwned>(
    uri: &ReferenceUri,
    response: Response,
) -> Result<T, ResolveError> {
    let backend = |source| ResolveError::Backend {
        uri: uri.clone(),
        source,
    };
    let body = response.bytes().await;
    let body = body.map_err(|error| backend(Box::new(error.without_url())))?;
    serde_json::from_slice(&body).map_err(|error| backend(Box::new(error)))
}
