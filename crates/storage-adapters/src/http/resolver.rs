//! The resolver of `http:` and `https:` URLs.

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use futures::stream;
use futures::stream::{BoxStream, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, header};

use super::config::HttpConfig;
use super::{open, uri};
use crate::net::{HttpClient, Refusal};

/// Files behind `http:` and `https:` URLs; each URL is one object.
///
/// # URLs
/// The recorded URL is the one that was given, percent-encoded, without credentials: user information and the query
/// parameters of signatures and tokens are used for the request and then dropped. Up to 10 redirects are followed, each
/// without the credentials of another origin; where they lead is not recorded, because it often expires.
///
/// The object's name is what follows the last `/` of the URL as it was written, without credentials; other queries and
/// fragments belong to it. A URL without a path is named by its host and port.
///
/// # Digests
/// With checksum the URL is requested with GET, because signatures and many servers allow nothing else, and the body is
/// not read. The digest is the `ETag`, without its outer quotes; `extra.etag` keeps them. Without an `ETag` the URL is
/// the digest, so the content cannot be told from a later one. Without checksum no request is sent.
///
/// # Opening
/// A different `ETag` is [`ResolveError::Changed`], and so is a different length where there is no `ETag`. ETags are
/// compared weakly: `W/` does not count, nor does the mark of a compressed variant. Bytes come as they are stored: no
/// compression is asked for, and that of a server which compresses nevertheless is not undone. A `Content-MD5` is
/// checked.
///
/// [`check`](ReferenceResolver::check) sends HEAD, and GET if that does not confirm the record: signatures
/// allow one of them only, and responses to HEAD may have fewer headers.
///
/// Source: the HTTP handler of wandb 0.31.0, which records credentials, signatures and the target of redirects, fails
/// for URLs that end in `/`, and undoes compression while it records the compressed size.
#[derive(Debug, Clone, Default)]
pub struct HttpResolver {
    client: HttpClient,
    config: HttpConfig,
}

impl HttpResolver {
    /// Returns the resolver.
    #[must_use]
    pub fn new(config: HttpConfig) -> Self {
        Self {
            client: HttpClient::new(config.retry.clone()),
            config,
        }
    }

    /// Requests `url`; a status other than success is an error.
    pub(super) async fn ask(
        &self,
        method: Method,
        uri: &ReferenceUri,
        url: &::reqwest::Url,
    ) -> Result<Response, ResolveError> {
        let authorization = self.config.authorization(url);
        let complete = |request: RequestBuilder| match authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        };
        let sent = self.client.send(uri, method, url.as_str(), complete);
        let response = sent.await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let refusal = Refusal::of(response).await;
        Err(refusal.into_error(
            uri,
            "credentials that may read it; a recorded URL has none, nor the signature it was given with",
        ))
    }
}

#[async_trait]
impl ReferenceResolver for HttpResolver {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        let (resolver, uri) = (self.clone(), uri.clone());
        stream::once(async move { describe(&resolver, &uri, checksum).await }).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        open::open(self, object).await
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        open::check(self, object).await
    }
}

async fn describe(
    resolver: &HttpResolver,
    uri: &ReferenceUri,
    checksum: bool,
) -> Result<ReferenceObject, ResolveError> {
    let target = uri::target(uri)?;
    let mut object = ReferenceObject {
        digest: EntryDigest::Opaque(target.recorded.as_str().into()),
        uri: target.recorded,
        relative_path: target.name,
        size: None,
        extra: serde_json::Map::new(),
    };
    if !checksum {
        return Ok(object);
    }
    let response = resolver.ask(Method::GET, uri, &target.url).await?;
    object.size = length(&response);
    if let Some(raw) = etag(&response) {
        object.digest = EntryDigest::Opaque(open::digest_of(&raw).into());
        object.extra.insert("etag".to_owned(), raw.into());
    }
    Ok(object)
}

/// Returns the raw `ETag`, unless it is empty.
pub(super) fn etag(response: &Response) -> Option<String> {
    let raw = response.headers().get(header::ETAG)?;
    let raw = String::from_utf8_lossy(raw.as_bytes()).into_owned();
    (!open::digest_of(&raw).is_empty()).then_some(raw)
}

pub(super) fn length(response: &Response) -> Option<u64> {
    let length = response.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.trim().parse().ok()
}
