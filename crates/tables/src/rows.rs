//! Rows as values of the caller's types, and back.

mod from_cells;
mod to_cells;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Cell, ColumnName, Columns, TableError};
use to_cells::{Fields, fields};

/// Returns the names of a row's fields, and the row.
pub(super) fn first_row<T: Serialize + ?Sized>(
    value: &T,
) -> Result<(Vec<String>, Vec<Cell>), TableError> {
    let fields = fields(value).map_err(|source| wrong(0, source))?;
    Ok(fields.into_iter().unzip())
}

/// Returns a row of these columns, with nothing where the value has no field.
pub(super) fn to_row<T: Serialize + ?Sized>(
    index: u64,
    value: &T,
    columns: &Columns,
) -> Result<Vec<Cell>, TableError> {
    let fields = fields(value).map_err(|source| wrong(index, source))?;
    if is_in_order(&fields, columns) {
        return Ok(fields.into_iter().map(|(_, cell)| cell).collect());
    }
    let mut row = vec![Cell::Null; columns.len()];
    for (name, cell) in fields {
        row[columns.position(&name)?] = cell;
    }
    Ok(row)
}

fn is_in_order(fields: &Fields, columns: &Columns) -> bool {
    let is_same = |((field, _), column): (&(String, Cell), &ColumnName)| match column {
        ColumnName::Text(name) => field == name,
        ColumnName::Number(_) => false,
    };
    fields.len() == columns.len() && fields.iter().zip(columns.names()).all(is_same)
}

impl Columns {
    /// Returns a row as a struct, whose fields are those of the columns of their names; or as a tuple, in order.
    ///
    /// # Errors
    /// [`TableError::Row`] with `index`, the number of the row, when the value does not fit.
    pub fn deserialize_row<T: DeserializeOwned>(
        &self,
        index: u64,
        row: &[Cell],
    ) -> Result<T, TableError> {
        let row = from_cells::Row {
            names: self.names(),
            cells: row,
        };
        T::deserialize(row).map_err(|source| wrong(index, source))
    }
}

fn wrong(row: u64, source: impl std::error::Error + Send + Sync + 'static) -> TableError {
    TableError::Row {
        row,
        source: Box::new(source),
    }
}
