//! The HTTP client.

use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use artifact_core::ReferenceUri;
use artifact_core::ports::ResolveError;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, header};

use super::Retries;

/// A client that is made when it is first used: without the machine's certificates it cannot be made, and that is no
/// reason for failure where nothing is ever fetched.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpClient {
    made: Arc<OnceLock<Result<Client, Arc<reqwest::Error>>>>,
    retries: Retries,
}

impl HttpClient {
    pub(crate) fn new(retries: Retries) -> Self {
        Self {
            made: Arc::default(),
            retries,
        }
    }

    /// Sends a request for `uri`, and again while that may help; `complete` adds to it.
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
        let sent = self
            .retries
            .send(|| complete(client.request(method.clone(), url)));
        // The URL may carry a signature.
        sent.await.map_err(|error| ResolveError::Backend {
            uri: uri.clone(),
            source: Box::new(error.without_url()),
        })
    }
}

fn make() -> Result<Client, reqwest::Error> {
    install_tls();
    let mut headers = header::HeaderMap::new();
    // An object's size and digest are those of its bytes as stored.
    headers.insert(
        header::ACCEPT_ENCODING,
        header::HeaderValue::from_static("identity"),
    );
    Client::builder()
        .user_agent(concat!("wandb-rs/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(Policy::limited(10))
        // It would carry a URL's signature to the host that a redirect leads to.
        .referer(false)
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_mins(1))
        .build()
}

/// Makes ring the process's provider of TLS, unless the process has chosen one.
fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that the process has one; it is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}
