//! The resolver of `http:` and `https:` URLs.

mod config;
mod describe;
mod etag;
mod fetch;
mod url;

use artifact_core::ReferenceUri;
use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, header};

pub use config::HttpConfig;

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
/// With checksum the URL is asked for with GET, because signatures and many servers allow nothing else, and the body is
/// not read. The digest is the `ETag`, without its outer quotes; `extra.etag` keeps them. Without an `ETag` the URL is
/// the digest, so the content cannot be told from a later one. Without checksum nothing is asked.
///
/// # Opening
/// A different `ETag` is [`ResolveError::Changed`], and so is a different length where there is no `ETag`. ETags are
/// compared weakly: `W/` does not count, nor does the mark of a compressed variant. Bytes come as they are stored: no
/// compression is asked for, and that of a server which compresses nevertheless is not undone. A `Content-MD5` is
/// checked.
///
/// [`check`](ReferenceResolver::check) asks with HEAD, and with GET where that does not say that all is well: signatures
/// allow one of them only, and servers answer HEAD with less.
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

    /// Asks for `url`, and answers only with success.
    async fn ask(
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
        stream::once(async move { describe::describe(&resolver, &uri, checksum).await }).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        fetch::open(self, object).await
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        fetch::check(self, object).await
    }
}
