//! A server on loopback over a store of its own.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use artifact_core::RetryPolicy;
use artifact_server::{Server, ServerOptions};
use artifact_store::service::Caller;
use artifact_store::{Engine, EngineOptions};
use blob_stores::FolderBlobs;
use metadata_sql::{DATABASE_FILE, SqliteMetadata};
use tempfile::TempDir;
use tokio::sync::oneshot;
use transport::{Credentials, Secret, Wandb, WandbOptions};

/// The account whose entity things go to.
pub(crate) const USER: &str = "ada";

/// A key that follows the official client's rule.
pub(crate) const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A server that runs until it is dropped.
pub(crate) struct TestServer {
    pub(crate) folder: TempDir,
    address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Opens the store in a folder, and creates it if it does not exist.
pub(crate) fn open_store(folder: &Path) -> Engine {
    let metadata = SqliteMetadata::open_or_create(folder.join(DATABASE_FILE)).unwrap();
    let blobs = FolderBlobs::new(folder);
    let options = EngineOptions::default().location(folder.display());
    Engine::new(Arc::new(metadata), Arc::new(blobs), options)
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with(ServerOptions::default())
    }

    pub(crate) fn with(options: ServerOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = open_store(&folder.path().join("store"));
        let operator = engine.service(Caller::Operator);
        operator.add_account(&USER.parse().unwrap(), KEY).unwrap();
        let server = Server::new(engine, options).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (ready, listens) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let stop = async {
                    _ = stopped.await;
                };
                server.serve(listener, stop).await;
            });
        });
        Self {
            folder,
            address: listens.recv().unwrap().to_string(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Returns host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the options of a client for the server; it does not wait long when the server fails.
    pub(crate) fn options(&self) -> WandbOptions {
        options(&self.url())
    }

    pub(crate) fn client(&self) -> Wandb {
        Wandb::new(&self.options()).unwrap()
    }
}

/// Returns the options of a client for a server at `url`.
pub(crate) fn options(url: &str) -> WandbOptions {
    let credentials = Credentials::ApiKey(Secret::new(KEY));
    let mut options = WandbOptions::new(url.parse().unwrap(), credentials);
    let retries = RetryPolicy {
        max_attempts: 5,
        first_wait: Duration::from_millis(5),
        max_wait: Duration::from_millis(50),
        max_elapsed: Duration::from_mins(1),
    };
    options.graphql_retries = retries;
    options.transfer_retries = retries;
    options
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let (Some(thread), false) = (self.thread.take(), std::thread::panicking()) {
            thread.join().unwrap();
        }
    }
}
