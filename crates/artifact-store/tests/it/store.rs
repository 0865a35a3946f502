//! Stores in folders of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::ProjectAddress;
use artifact_store::service::{Caller, Service};
use artifact_store::{Engine, EngineOptions, StoreError};
use blob_stores::FolderBlobs;
use metadata_sql::{DATABASE_FILE, SqliteMetadata};
use registry_conformance::Fixture;
use tempfile::TempDir;

/// A folder for a store.
pub(crate) struct Store {
    folder: TempDir,
}

impl Store {
    /// Returns a folder without a store.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Opens a new engine over the folder.
    pub(crate) fn fixture(&self) -> Fixture {
        fixture_at(self.path())
    }

    /// Opens a new engine over the folder, with a server's face and a client over it.
    pub(crate) fn server(&self) -> Server {
        server_at(self.path())
    }

    /// Returns the blob files.
    pub(crate) fn blobs(&self) -> Vec<PathBuf> {
        let folders = files_in(&self.path().join("blobs/sha256"));
        folders.iter().flat_map(|folder| files_in(folder)).collect()
    }

    /// Returns what a finished store has none of: drafts, parts and journals.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        let folders = ["tmp", "sessions", "parts"].map(|name| self.path().join(name));
        let folders = folders.iter().filter(|folder| folder.exists());
        folders.flat_map(|folder| files_in(folder)).collect()
    }
}

/// One engine, asked both ways.
pub(crate) struct Server {
    pub(crate) fixture: Fixture,
    pub(crate) service: Service,
}

/// Opens the store in a folder.
pub(crate) fn open(folder: impl AsRef<Path>, options: EngineOptions) -> Result<Engine, StoreError> {
    let folder = folder.as_ref();
    let metadata = SqliteMetadata::open(folder.join(DATABASE_FILE))?;
    Ok(engine_over(metadata, folder, options))
}

fn engine_over(metadata: SqliteMetadata, folder: &Path, options: EngineOptions) -> Engine {
    let blobs = FolderBlobs::new(folder);
    let options = options.location(folder.display());
    Engine::new(Arc::new(metadata), Arc::new(blobs), options)
}

/// Opens the store in a folder, and creates it if it does not exist.
pub(crate) fn open_or_create(
    folder: impl AsRef<Path>,
    options: EngineOptions,
) -> Result<Engine, StoreError> {
    let folder = folder.as_ref();
    let metadata = SqliteMetadata::open_or_create(folder.join(DATABASE_FILE))?;
    Ok(engine_over(metadata, folder, options))
}

/// Opens a new engine over a folder.
pub(crate) fn fixture_at(folder: &Path) -> Fixture {
    fixture_over(open_or_create(folder, EngineOptions::default()).unwrap())
}

/// Opens a new engine over a folder, with a server's face and a client over it.
pub(crate) fn server_at(folder: &Path) -> Server {
    let engine = open_or_create(folder, EngineOptions::default()).unwrap();
    let service = engine.service(Caller::Operator);
    let fixture = fixture_over(engine);
    Server { fixture, service }
}

pub(crate) fn fixture_over(engine: Engine) -> Fixture {
    let project = ProjectAddress {
        entity: "team".parse().unwrap(),
        project: "vision".parse().unwrap(),
    };
    Fixture::new(Arc::new(engine.clone()), Arc::new(engine), project, ())
}

pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path())
        .collect();
    files.sort();
    files
}
