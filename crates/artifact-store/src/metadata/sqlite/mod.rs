//! Metadata in an SQLite database.

mod accounts;
mod blobs;
mod collections;
mod connections;
mod entries;
mod lineage;
mod manifests;
mod memberships;
mod merge;
mod migrations;
mod parts;
mod projects;
mod rows;
mod run_files;
mod run_lines;
mod runs;
mod share_conflicts;
mod values;
mod version_records;
mod versions;

use std::path::Path;

use connections::Connections;
use rows::Rows;
use rusqlite::TransactionBehavior;

use super::{Freshness, MetadataStore, Scope, Snapshot, Transaction};
use crate::StoreError;

/// Metadata in an SQLite database file, in WAL mode: one writer at a time, readers beside it.
#[derive(Debug)]
pub(crate) struct SqliteMetadata {
    connections: Connections,
}

impl SqliteMetadata {
    /// Opens the database of the store in `folder`; `None` where there is none.
    pub(crate) fn open(folder: &Path, file: &Path) -> Result<Option<Self>, StoreError> {
        let connections = Connections::open(folder, file)?;
        Ok(connections.map(|connections| Self { connections }))
    }

    /// Creates the database, unless another process does so first. `draft` is a free name beside it.
    pub(crate) fn create(folder: &Path, file: &Path, draft: &Path) -> Result<(), StoreError> {
        migrations::create(folder, file, draft)
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
    StoreError::Database {
        source: error.into(),
    }
}
