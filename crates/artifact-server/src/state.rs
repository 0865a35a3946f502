//! What all handlers share.

use std::net::Ipv6Addr;
use std::sync::Arc;

use artifact_store::Engine;
use artifact_store::service::{Caller, Service};
use axum::http::{HeaderMap, Uri, header};
use tokio::sync::Semaphore;

use crate::error::ErrorResponse;
use crate::graphql::{DocumentCache, WandbSchema};
use crate::metrics::Metrics;
use crate::server::ServerOptions;
use crate::signer::UrlSigner;
use crate::urls::ContentUrls;

/// What all handlers share.
pub(crate) struct ServerState {
    pub(crate) engine: Engine,
    pub(crate) schema: WandbSchema,
    pub(crate) documents: DocumentCache,
    pub(crate) signer: Arc<UrlSigner>,
    pub(crate) options: ServerOptions,
    pub(crate) metrics: Metrics,
    /// Turns at what takes long, whoever waits for one holds no thread.
    pub(crate) slow_finishes: Semaphore,
}

impl ServerState {
    /// The engine on behalf of whoever holds a ticket: the ticket is the authority.
    pub(crate) fn service(&self) -> Service {
        self.engine.service(Caller::Operator)
    }

    /// Returns the maker of URLs for the client of a request.
    pub(crate) fn urls(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<ContentUrls, ErrorResponse> {
        let base = match &self.options.public_url {
            Some(base) => base.clone(),
            None => format!("http://{}", requested_host(uri, headers)?),
        };
        Ok(ContentUrls::new(
            base,
            Arc::clone(&self.signer),
            self.options.url_lifetime,
        ))
    }
}

/// Returns host and port that a client asked, where it can reach this server. They become the beginning of URLs, so they
/// must be nothing else.
fn requested_host(uri: &Uri, headers: &HeaderMap) -> Result<String, ErrorResponse> {
    let asked = match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok()),
    };
    let asked = asked.filter(|asked| is_host(asked));
    let asked =
        asked.ok_or_else(|| ErrorResponse::bad_request("the Host of the request is no host"))?;
    Ok(asked.to_owned())
}

/// Whether this is a name or an address, and maybe a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match inner {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_name),
    };
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// How many may be at what takes long: one that works, and one that is ready to.
pub(crate) const MAX_SLOW_FINISHES: usize = 2;

/// Runs `work` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorResponse> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ErrorResponse::internal(&error))
}
