//! Statements over one connection.

use artifact_store::StoreError;
use artifact_store::metadata::{Snapshot, Transaction};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Params, Row};

use super::driver;

/// The rows that one transaction sees. The files beside this one implement the port's tables.
#[derive(Debug)]
pub(super) struct Rows<'c>(pub(super) &'c Connection);

impl Snapshot for Rows<'_> {}
impl Transaction for Rows<'_> {}

impl<'c> Rows<'c> {
    /// Returns the statement, compiled at most once per connection.
    pub(super) fn statement(&self, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
        self.0.prepare_cached(sql).map_err(driver)
    }

    /// Runs a statement without a result; returns the number of rows that it changed.
    pub(super) fn execute(&self, sql: &str, parameters: impl Params) -> Result<usize, StoreError> {
        self.statement(sql)?.execute(parameters).map_err(driver)
    }

    /// Runs a statement that inserts one row; returns its id.
    pub(super) fn insert(&self, sql: &str, parameters: impl Params) -> Result<i64, StoreError> {
        self.statement(sql)?.insert(parameters).map_err(driver)
    }

    /// Returns the only row, if there is one.
    pub(super) fn optional<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let found = self.statement(sql)?.query_row(parameters, read);
        found.optional().map_err(driver)
    }

    /// Returns the only row, which must be there.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.statement(sql)?
            .query_row(parameters, read)
            .map_err(driver)
    }

    /// Returns all rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.statement(sql)?;
        let rows = statement.query_map(parameters, read).map_err(driver)?;
        rows.collect::<rusqlite::Result<_>>().map_err(driver)
    }
}
