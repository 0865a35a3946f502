//! A server on loopback over its own store, in its own threads, with its log and its panics captured.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError, mpsc};
use std::thread::JoinHandle;

use artifact_server::{Server, ServerOptions};
use artifact_store::service::Caller;
use artifact_store::{Engine, EngineOptions};
use blob_stores::{FolderBlobs, MemoryBlobs};
use metadata_sql::{DATABASE_FILE, SqliteMetadata};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::client::Client;
use crate::raw;

/// Name of the server threads, which tells their panics from those of tests.
const THREAD: &str = "test-server";

/// A server that runs until it is dropped. Drop checks that nothing failed inside it.
pub(crate) struct TestServer {
    folder: TempDir,
    pub(crate) engine: Engine,
    address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::start_with(ServerOptions::default())
    }

    pub(crate) fn start_with(options: ServerOptions) -> Self {
        Self::start_on(options, 64)
    }

    /// Starts a server with a limited number of blocking threads.
    pub(crate) fn start_on(options: ServerOptions, blocking_threads: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let metadata = SqliteMetadata::open_or_create(store.join(DATABASE_FILE)).unwrap();
        let blobs = FolderBlobs::new(&store);
        let engine_options = EngineOptions::default().location(store.display());
        let engine = Engine::new(Arc::new(metadata), Arc::new(blobs), engine_options);
        Self::start_over(engine, folder, options, blocking_threads)
    }

    /// Starts a server over a store that has no files.
    pub(crate) fn start_in_memory() -> Self {
        let metadata = SqliteMetadata::in_memory().unwrap();
        let blobs = MemoryBlobs::new();
        let engine = Engine::new(
            Arc::new(metadata),
            Arc::new(blobs),
            EngineOptions::default(),
        );
        let folder = tempfile::tempdir().unwrap();
        Self::start_over(engine, folder, ServerOptions::default(), 64)
    }

    fn start_over(
        engine: Engine,
        folder: TempDir,
        options: ServerOptions,
        blocking_threads: usize,
    ) -> Self {
        static WATCH: Once = Once::new();
        WATCH.call_once(|| {
            watch_panics(THREAD);
            capture_log();
        });
        let server = Server::new(engine.clone(), options).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (ready, listens) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .max_blocking_threads(blocking_threads)
                .thread_name(THREAD)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                server.serve(listener, stop).await;
            });
        });
        let address = listens.recv().unwrap().to_string();
        Self {
            folder,
            engine,
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Returns the parent of the store's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds an account, and returns a client with its key.
    pub(crate) fn user(&self, name: &str) -> Client {
        let key = key_of(name);
        let service = self.engine.service(Caller::Operator);
        service.add_account(&name.parse().unwrap(), &key).unwrap();
        Client::new(self, name, Some(&key))
    }

    /// Returns a client without a key.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self, "nobody", None)
    }

    /// Returns the text of `/metrics`.
    pub(crate) fn metrics(&self) -> String {
        raw::exchange(
            &self.address,
            b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )
        .text()
    }

    /// Stops the server, and waits for its end.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    /// Returns the names beside the store's folder.
    pub(crate) fn files_outside_the_store(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "store").collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if !std::thread::panicking() && self.thread.is_some() {
            let metrics = self.metrics();
            assert!(!metrics.contains("status=\"500\""), "{metrics}");
            assert_eq!(panics(), Vec::<String>::new());
            assert_eq!(self.files_outside_the_store(), Vec::<String>::new());
        }
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// Returns a key in the form that the official client accepts.
pub(crate) fn key_of(name: &str) -> String {
    format!("{name}{}", "k".repeat(40))
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures the log from now on, including debug messages of libraries.
fn capture_log() {
    let log = tracing_subscriber::fmt()
        .with_env_filter("debug")
        .with_ansi(false)
        .with_writer(|| Kept);
    let _ = log.try_init();
}

/// Returns the log of all servers of this process.
pub(crate) fn log_text() -> String {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&log).into_owned()
}

/// Records panics on threads of this name.
pub(crate) fn watch_panics(thread: &'static str) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(thread) {
            let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
            panics.push(panic.to_string());
        }
        usual(panic);
    }));
}

/// Takes the panics recorded since the last call.
pub(crate) fn panics() -> Vec<String> {
    std::mem::take(&mut PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}
