//! What all handlers share.

use std::sync::Arc;

use artifact_store::Engine;
use artifact_store::service::{Caller, Service};
use axum::http::{HeaderMap, header};

use crate::failure::Failure;
use crate::graphql::{Documents, WandbSchema};
use crate::links::{Links, Signer};
use crate::metrics::Metrics;
use crate::options::ServerOptions;

/// What all handlers share.
pub(crate) struct ServerState {
    pub(crate) engine: Engine,
    pub(crate) schema: WandbSchema,
    pub(crate) documents: Documents,
    pub(crate) signer: Arc<Signer>,
    pub(crate) options: ServerOptions,
    pub(crate) metrics: Metrics,
}

impl ServerState {
    /// The engine on behalf of whoever holds a ticket: the ticket is the authority.
    pub(crate) fn service(&self) -> Service {
        self.engine.service(Caller::Operator)
    }

    /// Returns the maker of URLs for the client of a request.
    pub(crate) fn links(&self, headers: &HeaderMap) -> Links {
        let base = self.options.public_url.clone();
        let base = base.unwrap_or_else(|| asked_host(headers));
        Links::new(base, Arc::clone(&self.signer), self.options.link_lifetime)
    }
}

/// Returns the URL that a client asked, which is one that it can reach.
fn asked_host(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

/// Runs `work` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failure::internal(&error))
}
