//! Requests to a server: who is told what, and how often.

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

pub use error::HttpFailure;
pub(super) use retry::{Retry, RetryRule};

use self::token::IdentityToken;
use super::options::{Credentials, WandbOptions};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a server may stay silent in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(2);

/// How many connections to one host are kept for the next request.
const IDLE_CONNECTIONS: usize = 128;

/// The two ways of asking: with the credentials, or without.
#[derive(Debug, Clone)]
pub(super) struct Http {
    /// Follows no redirect, so that no credentials do.
    authorized: Client,
    /// As [`authorized`](Self::authorized), with a connection of its own for each request. A kept connection is
    /// served by the runtime that made it, and is dead without that: what must also work elsewhere takes none.
    unpooled: Client,
    /// Has no credentials, and may follow.
    plain: Client,
    base: Url,
    credentials: Shown,
    retry_observer: Option<Arc<dyn RetryObserver>>,
    /// Whether every request fails. Those without credentials follow from the answers to others, so there are none.
    is_offline: bool,
}

/// What is shown to the base URL.
#[derive(Debug, Clone)]
enum Shown {
    /// The same each time.
    Key(HeaderValue),
    /// What the server gives for a token.
    Token(Arc<IdentityToken>),
}

impl Http {
    pub(super) fn new(options: &WandbOptions) -> Result<Self, HttpFailure> {
        let mut headers = HeaderMap::new();
        for (name, value) in &options.extra_headers {
            let bad = || HttpFailure::header(name);
            let name_of = HeaderName::try_from(name.as_str()).map_err(|_| bad())?;
            let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| bad())?;
            value.set_sensitive(true);
            headers.insert(name_of, value);
        }
        // Once: it reads all certificates of the system.
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
                .map_err(HttpFailure::from)?,
            unpooled: builder()
                .redirect(Policy::none())
                .pool_max_idle_per_host(0)
                .build()
                .map_err(HttpFailure::from)?,
            // Content is taken as it is: what a store compressed is stored so.
            plain: builder().no_gzip().build().map_err(HttpFailure::from)?,
            base: options.base_url.clone(),
            credentials: shown(&options.credentials),
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
    ) -> Result<RequestBuilder, HttpFailure> {
        self.authorized_by(&self.authorized, method, path).await
    }

    /// As [`authorized`](Self::authorized); works in any runtime, even while the one that made this is busy or gone.
    pub(super) async fn authorized_anywhere(
        &self,
        method: reqwest::Method,
        path: &str,
    ) -> Result<RequestBuilder, HttpFailure> {
        self.authorized_by(&self.unpooled, method, path).await
    }

    async fn authorized_by(
        &self,
        client: &Client,
        method: reqwest::Method,
        path: &str,
    ) -> Result<RequestBuilder, HttpFailure> {
        if self.is_offline {
            return Err(HttpFailure::offline());
        }
        let authorization = match &self.credentials {
            Shown::Key(header) => header.clone(),
            Shown::Token(token) => {
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

    /// Returns a request to any URL, without the credentials.
    pub(super) fn plain(&self, method: reqwest::Method, url: &str) -> RequestBuilder {
        self.plain.request(method, url)
    }
}

fn shown(credentials: &Credentials) -> Shown {
    match credentials {
        Credentials::ApiKey(key) => {
            let text = format!("Basic {}", BASE64.encode(format!("api:{}", key.reveal())));
            Shown::Key(header(text).expect("base64 can be a header"))
        }
        Credentials::IdentityToken {
            token_file,
            access_file,
        } => Shown::Token(Arc::new(IdentityToken::new(
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

/// Returns a header's value that is not shown to anybody else.
fn header(text: String) -> Result<HeaderValue, HttpFailure> {
    let mut value =
        HeaderValue::try_from(text).map_err(|_| HttpFailure::header("Authorization"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns the answer if it is a success, and else why not.
pub(super) async fn successful(
    answer: Result<Response, reqwest::Error>,
) -> Result<Response, HttpFailure> {
    let answer = answer?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(HttpFailure::read(answer).await)
}

/// Returns a configuration that trusts what the system trusts, and the certificates in these PEM files.
fn tls_config(extra: &[Arc<[u8]>]) -> Result<ClientConfig, HttpFailure> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = Vec::new();
    for pem in extra {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.push(certificate.map_err(|error| HttpFailure::certificates(&error))?);
        }
    }
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
        .map_err(|error| HttpFailure::certificates(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpFailure::certificates(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}
