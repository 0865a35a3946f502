//! A W&B artifact server: the embedded engine behind the protocol that the official client speaks.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use artifact_server::{Server, ServerOptions};
//! use artifact_store::{Engine, EngineOptions};
//! use blob_stores::FolderBlobs;
//! use metadata_sql::{DATABASE_FILE, SqliteMetadata};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = Path::new("store");
//! let metadata = SqliteMetadata::open_or_create(folder.join(DATABASE_FILE))?;
//! let blobs = FolderBlobs::new(folder);
//! let engine = Engine::new(Arc::new(metadata), Arc::new(blobs), EngineOptions::default());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let server = Server::new(engine, ServerOptions::default())?;
//! server.serve(listener, std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! Handlers only translate: all decisions are the engine's. Source of every operation, path and header: the wire
//! protocol of wandb 0.31.0, observed.

mod auth;
mod error;
mod graphql;
mod metrics;
mod routes;
mod server;
mod signer;
mod state;
mod timeouts;
mod urls;

pub use graphql::schema_sdl;
pub use server::{Server, ServerOptions};
