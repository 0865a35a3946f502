//! Domain values as columns.

use std::error::Error;

use artifact_core::{ContentDigest, DigestAlgorithm, InvalidValue, Timestamp};
use artifact_store::StoreError;
use rusqlite::types::Type;
use rusqlite::{Error as DriverError, Result, Row};

/// Reads a text column, and validates it.
pub(super) fn text<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: TryFrom<String, Error = InvalidValue>,
{
    T::try_from(row.get(column)?).map_err(|error| unreadable(column, error))
}

/// Reads a text column that holds JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| unreadable(column, error))
}

/// Reads a column that holds the name of a hash function.
pub(super) fn algorithm(row: &Row<'_>, column: usize) -> Result<DigestAlgorithm> {
    let name = row.get_ref(column)?.as_str()?;
    name.parse()
        .map_err(|error: InvalidValue| unreadable(column, error))
}

/// Reads a hash of content from two columns.
pub(super) fn content_digest(
    row: &Row<'_>,
    digest: usize,
    function: usize,
) -> Result<ContentDigest> {
    Ok(ContentDigest::new(
        algorithm(row, function)?,
        row.get(digest)?,
    ))
}

/// Reads a column that holds a size or a count.
pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|error| unreadable(column, error))
}

/// Reads a column that holds a time.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    row.get(column).map(Timestamp::from_unix_millis)
}

/// Returns a number as a column can hold it.
pub(super) fn to_column(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number)
        .map_err(|_| StoreError::rejected(format!("{number} is more than the store can hold")))
}

/// Returns a value as JSON text.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::database)
}

/// Returns the error of a column with an invalid value.
pub(super) fn unreadable(column: usize, error: impl Error + Send + Sync + 'static) -> DriverError {
    DriverError::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
