//! State shared by all handlers.

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

/// State shared by all handlers.
pub(crate) struct ServerState {
    pub(crate) engine: Engine,
    pub(crate) schema: WandbSchema,
    pub(crate) documents: DocumentCache,
    pub(crate) signer: Arc<UrlSigner>,
    pub(crate) options: ServerOptions,
    pub(crate) metrics: Metrics,
    /// Permits for finishing large manifests. A request that waits for one holds no thread.
    pub(crate) slow_finishes: Semaphore,
}

impl ServerState {
    /// Returns the engine on behalf of the holder of a ticket: the ticket is the authority.
    pub(crate) fn service(&self) -> Service {
        self.engine.service(Caller::Operator)
    }

    /// Returns the URLs as the client of a request can reach them.
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

/// Returns the host and port that the client sent its request to. They become the beginning of URLs, so anything that
/// is not a host is refused.
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

/// Returns whether the text is a host name or an address, with an optional port.
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

/// Number of large manifests that are finished at once: one at work, and one ready to start.
pub(crate) const MAX_SLOW_FINISHES: usize = 2;

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ErrorResponse> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ErrorResponse::internal(&error))
}
