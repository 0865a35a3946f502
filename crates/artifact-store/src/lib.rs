//! The embedded W&B Artifacts engine: versions, dedupe, aliases, lineage and blobs in a folder.
//!
//! [`Engine`] implements the ports that the flows are written over, so whoever logs to a folder runs the same code as
//! whoever logs to a server.
//!
//! ```
//! use std::sync::Arc;
//!
//! use artifact_core::ports::{ArtifactRegistry, PageRequest};
//! use artifact_store::{Engine, EngineOptions};
//! use blob_stores::FolderBlobs;
//! use metadata_sql::{DATABASE_FILE, SqliteMetadata};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # runtime.block_on(async {
//! let metadata = SqliteMetadata::open_or_create(folder.join(DATABASE_FILE))?;
//! let blobs = FolderBlobs::new(folder);
//! let engine = Engine::new(Arc::new(metadata), Arc::new(blobs), EngineOptions::default());
//! let projects = engine.projects(PageRequest::first(10)).await?;
//! assert_eq!(projects.items, []);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What lies in the folder
//!
//! | name | holds |
//! |---|---|
//! | `store.db` | an SQLite database: everything but the bytes |
//! | `blobs/sha256/ab/cdef…` | content, by the SHA-256 of its bytes |
//! | `parts/` | parts of files that arrive in parts, until they are put together |
//! | `tmp/` | drafts: content and a database that are still being written |
//! | `sessions/` | which blobs each writer has placed, so that nothing is left behind when it dies |
//! | `lock` | held together by writers, and alone by whoever clears up |
//!
//! # What holds at any instant
//!
//! * A blob counts only if the database has a row for it, and a row is written only when the bytes are durable. A file
//!   means nothing by itself.
//! * A committed version never changes, and all of it survives a power loss.
//! * Blobs go by SHA-256. MD5, which the protocol's digests are, can be forged, so it never decides whether content is
//!   the same as somebody else's.

pub mod blobs;
mod engine;
mod error;
mod media_type;
pub mod metadata;
mod options;
pub mod service;
mod tickets;

use metadata::ids;

pub use engine::{ContentUse, DamagedBlob, Engine, Garbage, Inspection, OnInspected};
pub use error::StoreError;
pub use media_type::media_type;
pub use options::EngineOptions;
