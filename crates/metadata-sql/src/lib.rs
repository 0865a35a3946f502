//! Metadata of an artifact store in an SQL database: adapters of the port
//! [`MetadataStore`](artifact_store::metadata::MetadataStore).
//!
//! ```
//! use artifact_store::metadata::{AccountTable as _, MetadataStoreExt as _};
//! use metadata_sql::SqliteMetadata;
//!
//! let metadata = SqliteMetadata::in_memory()?;
//! assert_eq!(metadata.reading(|rows| rows.accounts())?, []);
//! # Ok::<(), artifact_store::StoreError>(())
//! ```

mod sqlite;

pub use sqlite::{DATABASE_FILE, SqliteMetadata};
