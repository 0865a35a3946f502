//! The embedded store: the engine over its drivers.

use std::path::Path;
use std::sync::Arc;

use artifact_store::{Engine, EngineOptions, StoreError};
use blob_stores::FolderBlobs;
use metadata_sql::{DATABASE_FILE, SqliteMetadata};

/// Opens the store in `folder`.
pub(crate) fn open_store(folder: &Path) -> Result<Engine, StoreError> {
    let metadata = SqliteMetadata::open(folder.join(DATABASE_FILE))?;
    Ok(engine_over(metadata, folder))
}

/// Opens the store in `folder`, and creates it if it does not exist.
pub(crate) fn open_or_create_store(folder: &Path) -> Result<Engine, StoreError> {
    let metadata = SqliteMetadata::open_or_create(folder.join(DATABASE_FILE))?;
    Ok(engine_over(metadata, folder))
}

fn engine_over(metadata: SqliteMetadata, folder: &Path) -> Engine {
    let blobs = FolderBlobs::new(folder);
    let options = EngineOptions::default().location(folder.display());
    Engine::new(Arc::new(metadata), Arc::new(blobs), options)
}
