//! The server: its options, its connections and its shutdown.

use std::sync::Arc;
use std::time::Duration;

use artifact_store::service::Caller;
use artifact_store::{Engine, StoreError};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::graphql::{self, DocumentCache};
use crate::metrics::Metrics;
use crate::routes::router;
use crate::signer::UrlSigner;
use crate::state::{MAX_SLOW_FINISHES, ServerState};
use crate::timeouts::WriteTimeoutStream;

/// Options of a server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    pub(crate) public_url: Option<String>,
    pub(crate) url_lifetime: Duration,
    pub(crate) client_timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) max_connections: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            url_lifetime: Duration::from_hours(24),
            client_timeout: Duration::from_mins(1),
            grace: Duration::from_secs(30),
            max_connections: 1_024,
        }
    }
}

impl ServerOptions {
    /// Sets the URL under which clients reach the server through a proxy. By default, URLs use the host of each
    /// request.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into().trim_end_matches('/').to_owned());
        self
    }

    /// Sets the lifetime of signed upload and download URLs. Default: a day.
    #[must_use]
    pub const fn url_lifetime(mut self, lifetime: Duration) -> Self {
        self.url_lifetime = lifetime;
        self
    }

    /// Sets the timeout for a stalled client: for the head of a request, for the next 16 KiB of its body, and for
    /// reading the response. Default: a minute.
    #[must_use]
    pub const fn client_timeout(mut self, client_timeout: Duration) -> Self {
        self.client_timeout = client_timeout;
        self
    }

    /// Sets the maximum number of connections; more wait until one of them ends. Each needs a file descriptor, and
    /// another one while it sends a large file. Default: 1,024.
    #[must_use]
    pub const fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets the time that requests in flight may take after shutdown has begun. Default: half a minute.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

/// Size of the read buffer and of the write buffer of a connection. The head of a request must fit.
const CONNECTION_BUFFER: usize = 64 << 10;

/// Delay after a connection could not be accepted, for example because too many files are open.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// A server over one engine.
#[derive(Debug, Clone)]
pub struct Server {
    router: Router,
    options: ServerOptions,
}

impl Server {
    /// Creates a server over `engine`.
    ///
    /// # Errors
    /// When the store cannot be read, or the secret for signing URLs cannot be created.
    pub fn new(engine: Engine, options: ServerOptions) -> Result<Self, StoreError> {
        let secret = engine.service(Caller::Operator).signing_secret()?;
        let schema = graphql::schema();
        let state = ServerState {
            engine,
            documents: DocumentCache::of(&schema),
            schema,
            signer: Arc::new(UrlSigner::new(secret)),
            options: options.clone(),
            metrics: Metrics::new(),
            slow_finishes: Semaphore::new(MAX_SLOW_FINISHES),
        };
        Ok(Self {
            router: router(Arc::new(state)),
            options,
        })
    }

    /// Serves connections of `listener` until `stop` completes. Then no new connection is accepted, and requests in
    /// flight may take as long as [`ServerOptions::grace`] permits.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let connections = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(self.options.max_connections));
        let mut stop = std::pin::pin!(stop);
        loop {
            // Connections beyond the limit wait in the system's backlog.
            let admitted = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (slot, listener.accept().await)
            };
            tokio::select! {
                (slot, accepted) = admitted => match accepted {
                    Ok((stream, _)) => self.connect(stream, slot.ok(), &connections),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                    }
                },
                () = &mut stop => break,
            }
        }
        drop(listener);
        let ended = tokio::time::timeout(self.options.grace, connections.shutdown()).await;
        if ended.is_err() {
            tracing::warn!("requests that took too long were cut off");
        }
    }

    fn connect(
        &self,
        stream: TcpStream,
        place: Option<OwnedSemaphorePermit>,
        connections: &GracefulShutdown,
    ) {
        // Responses are small, and clients wait for them.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(self.router.clone());
        let stream = WriteTimeoutStream::new(stream, self.options.client_timeout);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .max_buf_size(CONNECTION_BUFFER)
            .header_read_timeout(self.options.client_timeout)
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
}
