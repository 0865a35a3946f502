//! Metadata in an SQLite database.

mod accounts;
mod blobs;
mod collections;
mod connections;
mod entries;
mod lineage;
mod manifests;
mod memberships;
mod migrations;
mod partial_conflicts;
mod rows;
mod run_data;
mod runs;
mod values;
mod versions;

use std::path::Path;

use artifact_store::StoreError;
use artifact_store::metadata::{Freshness, MetadataStore, Scope, Snapshot, Transaction};
use connections::Connections;
use rows::Rows;
use rusqlite::TransactionBehavior;

/// The name of the database in the folder of a store.
pub const DATABASE_FILE: &str = "store.db";

/// Metadata in an SQLite database: a file in WAL mode, with one writer at a time and readers beside it, or memory.
///
/// Any number of processes may use one file at once.
#[derive(Debug)]
pub struct SqliteMetadata {
    connections: Connections,
}

impl SqliteMetadata {
    /// Opens the database of a store, usually [`DATABASE_FILE`] in its folder. Creates nothing; an earlier schema is
    /// upgraded.
    ///
    /// # Errors
    /// [`StoreError::NoStore`] when there is no such file, [`StoreError::NewerStore`] when this program does not know its
    /// schema, [`StoreError::ForeignDatabase`] when it is the database of another program, [`StoreError::Unusable`] when
    /// it cannot be opened.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let file = file.as_ref();
        Self::open_existing(file)?.ok_or_else(|| StoreError::NoStore {
            folder: folder_of(file).to_path_buf(),
        })
    }

    /// Opens the database of a store, and creates it if it does not exist.
    ///
    /// A folder that is created for it is accessible to its owner only, because the database holds the secret that a
    /// server signs URLs with. To share a store between users of a machine, create the folder first.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`StoreError::Io`] when folder or file cannot be created.
    pub fn open_or_create(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let file = file.as_ref();
        if let Some(metadata) = Self::open_existing(file)? {
            return Ok(metadata);
        }
        match migrations::create(folder_of(file), file) {
            // Another process was faster, and its first writer has removed our draft.
            Err(_) if file.exists() => {}
            created => created.map_err(unusable(file))?,
        }
        Self::open(file)
    }

    /// Creates a database in memory, which ends with this value.
    ///
    /// # Errors
    /// [`StoreError::Database`] when memory does not suffice.
    pub fn in_memory() -> Result<Self, StoreError> {
        let connections = Connections::in_memory()?;
        Ok(Self { connections })
    }

    fn open_existing(file: &Path) -> Result<Option<Self>, StoreError> {
        let opened = Connections::open(folder_of(file), file).map_err(unusable(file))?;
        Ok(opened.map(|connections| Self { connections }))
    }
}

impl MetadataStore for SqliteMetadata {
    fn read(
        &self,
        _fresh: Freshness,
        work: &mut dyn FnMut(&dyn Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.connections.reading(|connection| {
            // A transaction, so that several questions are answered from one state.
            let transaction = connection.unchecked_transaction().map_err(driver)?;
            work(&Rows(&transaction))?;
            transaction.commit().map_err(driver)
        })
    }

    fn write(
        &self,
        _scope: &Scope,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.connections.writing(|connection| {
            // IMMEDIATE: two processes that both read first and write then would refuse each other.
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(driver)?;
            work(&mut Rows(&transaction))?;
            transaction.commit().map_err(driver)
        })
    }
}

/// Returns the store's form of a driver error.
fn driver(error: rusqlite::Error) -> StoreError {
    StoreError::database(error)
}

/// Returns a function that adds the file to a database error.
fn unusable(file: &Path) -> impl FnOnce(StoreError) -> StoreError {
    move |error| match error {
        StoreError::Database { source } => StoreError::Unusable {
            path: file.to_path_buf(),
            source,
        },
        other => other,
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}
