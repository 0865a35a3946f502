//! The HTTP client: requests with and without credentials, TLS, retries.

mod error;
mod retry;
mod token;

use std::sync::Arc;
use std::time::Duration;

use artifact_core::{RetryObserver, RetryPolicy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;
use url::Url;

pub use error::HttpError;
pub(super) use retry::{Retry, RetryRule};

use self::token::IdentityToken;
use super::options::{Credentials, WandbOptions};

/// The timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The timeout of each read of a response.
const READ_TIMEOUT: Duration = Duration::from_mins(2);

/// Maximum idle connections to one host.
const IDLE_CONNECTIONS: usize = 128;

/// An HTTP client that sends credentials to the base URL only.
#[derive(Debug, Clone)]
pub(super) struct Http {
    /// Follows no redirects, so that credentials are not forwarded.
    authorized: Client,
    /// As [`authorized`](Self::authorized), with a new connection for each request. A pooled connection is
    /// driven by the runtime that opened it, and is unusable once that runtime is gone.
    unpooled: Client,
    /// Sends no credentials and follows redirects.
    plain: Client,
    base: Url,
    credentials: AuthHeader,
    retry_observer: Option<Arc<dyn RetryObserver>>,
    /// Whether every request fails. Requests without credentials need URLs from other responses, so they are covered too.
    is_offline: bool,
}

/// The `Authorization` header of requests to the base URL.
#[derive(Debug, Clone)]
enum AuthHeader {
    /// The same for every request.
    Key(HeaderValue),
    /// An access token that the server gives for an identity token.
    Token(Arc<IdentityToken>),
}

impl Http {
    pub(super) fn new(options: &WandbOptions) -> Result<Self, HttpError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &options.extra_headers {
            let bad = || HttpError::header(name);
            let name_of = HeaderName::try_from(name.as_str()).map_err(|_| bad())?;
            let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| bad())?;
            value.set_sensitive(true);
            headers.insert(name_of, value);
        }
        // Once, because it reads all certificates of the system.
        let tls = tls_config(&options.extra_certificates)?;
        let builder = || {
            Client::builder()
                .user_agent(concat!("wandb-rs/", env!("CARGO_PKG_VERSION")))
                .default_headers(headers.clone())
                .tls_backend_preconfigured(tls.clone())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .tcp_nodelay(true)
        };
        Ok(Self {
            authorized: builder()
                .redirect(Policy::none())
                .build()
                .map_err(HttpError::from)?,
            unpooled: builder()
                .redirect(Policy::none())
                .pool_max_idle_per_host(0)
                .build()
                .map_err(HttpError::from)?,
            // Content stored compressed is content: it is not decompressed.
            plain: builder().no_gzip().build().map_err(HttpError::from)?,
            base: options.base_url.clone(),
            credentials: auth_header(&options.credentials),
            retry_observer: options.retry_observer.clone(),
            is_offline: options.is_offline,
        })
    }

    /// Returns the retries of one kind of request to `url`; `None` for the base URL.
    pub(super) fn retry(
        &self,
        rule: RetryRule,
        policy: RetryPolicy,
        operation: &'static str,
        url: Option<&str>,
    ) -> Retry {
        let host = url.and_then(|url| Url::parse(url).ok());
        Retry {
            rule,
            policy,
            observer: self.retry_observer.clone(),
            operation,
            place: host_of(host.as_ref().unwrap_or(&self.base)).unwrap_or_default(),
        }
    }

    /// Returns the URL of a path below the base URL, without a `/` at its start.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Returns a request to a path below the base URL, with the credentials.
    pub(super) async fn authorized(
        &self,
        method: reqwest::Method,
        path: &str,
    ) -> Result<RequestBuilder, HttpError> {
        self.authorized_by(&self.authorized, method, path).await
    }

    /// As [`authorized`](Self::authorized), but works in any runtime, even after the one that created the client is gone.
    pub(super) async fn authorized_unpooled(
        &self,
        method: reqwest::Method,
        path: &str,
    ) -> Result<RequestBuilder, HttpError> {
        self.authorized_by(&self.unpooled, method, path).await
    }

    async fn authorized_by(
        &self,
        client: &Client,
        method: reqwest::Method,
        path: &str,
    ) -> Result<RequestBuilder, HttpError> {
        if self.is_offline {
            return Err(HttpError::offline());
        }
        let authorization = match &self.credentials {
            AuthHeader::Key(header) => header.clone(),
            AuthHeader::Token(token) => {
                let base = self.base.as_str().trim_end_matches('/');
                let exchange = self.retry(
                    RetryRule::Transfer,
                    token::RETRIES,
                    "identity token exchange",
                    None,
                );
                let access = token.access(client, base, exchange).await?;
                header(format!("Bearer {}", access.reveal()))?
            }
        };
        let request = client.request(method, self.url(path));
        Ok(request.header(AUTHORIZATION, authorization))
    }

    /// Returns a request to any URL, without credentials.
    pub(super) fn plain(&self, method: reqwest::Method, url: &str) -> RequestBuilder {
        self.plain.request(method, url)
    }
}

fn auth_header(credentials: &Credentials) -> AuthHeader {
    match credentials {
        Credentials::ApiKey(key) => {
            let text = format!("Basic {}", BASE64.encode(format!("api:{}", key.reveal())));
            AuthHeader::Key(header(text).expect("base64 can be a header"))
        }
        Credentials::IdentityToken {
            token_file,
            access_file,
        } => AuthHeader::Token(Arc::new(IdentityToken::new(
            token_file,
            access_file.as_deref(),
        ))),
    }
}

/// Returns the host of a URL, with the port if the URL has one.
pub(super) fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Returns a header value that is hidden from `Debug`.
fn header(text: String) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| HttpError::header("Authorization"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns the response if its status is a success, else the error in it.
pub(super) async fn require_success_status(
    response: Result<Response, reqwest::Error>,
) -> Result<Response, HttpError> {
    let response = response?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(HttpError::read(response).await)
}

/// Returns a TLS configuration that trusts the system's certificates and those in `extra`, contents of PEM files.
fn tls_config(extra: &[Arc<[u8]>]) -> Result<ClientConfig, HttpError> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = Vec::new();
    for pem in extra {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.push(certificate.map_err(|error| HttpError::certificates(&error))?);
        }
    }
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
        .map_err(|error| HttpError::certificates(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpError::certificates(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}
