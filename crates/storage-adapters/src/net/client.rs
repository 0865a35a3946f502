//! The HTTP client.

use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, Url, header};

use super::{Retry, Transient, is_transient, retry_after};

/// A client that is created on first use: it cannot be created without the machine's certificates, which should not be
/// an error as long as nothing is requested.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpClient {
    made: Arc<OnceLock<Result<Client, Arc<reqwest::Error>>>>,
    retry: Retry,
}

impl HttpClient {
    pub(crate) fn new(retry: Retry) -> Self {
        Self {
            made: Arc::default(),
            retry,
        }
    }

    /// Sends a request for `uri`, with retries; `complete` adds to it.
    pub(crate) async fn send(
        &self,
        uri: &ReferenceUri,
        method: Method,
        url: &str,
        complete: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, ResolveError> {
        let client = self.made.get_or_init(|| make().map_err(Arc::new));
        let client = client.as_ref().map_err(|error| ResolveError::Backend {
            uri: uri.clone(),
            source: Box::new(Arc::clone(error)),
        })?;
        let host = Url::parse(url).ok();
        let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
        let attempt = || complete(client.request(method.clone(), url)).send();
        let sent = self.retry.run(host, attempt, transient);
        // The URL may carry a signature.
        sent.await.map_err(|error| ResolveError::Backend {
            uri: uri.clone(),
            source: Box::new(error.without_url()),
        })
    }
}

fn transient(outcome: &Result<Response, reqwest::Error>) -> Option<Transient> {
    match outcome {
        Ok(response) if is_transient(response.status().as_u16()) => {
            let header = response.headers().get(header::RETRY_AFTER);
            Some(Transient {
                error: format!("the server responded with {}", response.status()),
                retry_after: retry_after(header.and_then(|value| value.to_str().ok())),
            })
        }
        // A loop of redirects or a malformed URL is permanent.
        Err(error)
            if (error.is_connect() || error.is_timeout() || error.is_request())
                && !error.is_redirect()
                && !error.is_builder() =>
        {
            let error = if error.is_timeout() {
                "the server did not respond in time"
            } else if error.is_connect() {
                "the server cannot be reached"
            } else {
                "the connection to the server broke"
            };
            Some(Transient {
                error: error.to_owned(),
                retry_after: None,
            })
        }
        _ => None,
    }
}

fn make() -> Result<Client, reqwest::Error> {
    install_tls();
    let mut headers = header::HeaderMap::new();
    // Size and digest of an object are those of its bytes as stored.
    headers.insert(
        header::ACCEPT_ENCODING,
        header::HeaderValue::from_static("identity"),
    );
    Client::builder()
        .user_agent(concat!("wandb-rs/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        // Another crate of the build may enable compression.
        .no_gzip()
        .redirect(Policy::limited(10))
        // It would send a URL's signature to the target of a redirect.
        .referer(false)
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_mins(1))
        .build()
}

/// Installs ring as the process's TLS provider, unless there is one.
fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that there is one.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}
