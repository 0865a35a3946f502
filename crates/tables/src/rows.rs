//! Rows as values of the caller's types, and back.

mod from_cells;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;

use crate::serializer::{Representation, Serialized, serialize};
use crate::{Cell, ColumnName, Columns, TableError};

/// The fields of a struct, in its order.
type Fields = Vec<(String, Cell)>;

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

/// Returns the fields of a struct or map.
fn fields<T: Serialize + ?Sized>(value: &T) -> Result<Fields, serde_json::Error> {
    match serialize(value)? {
        Serialized::Fields(fields) => Ok(fields),
        Serialized::Value(_) => Err(serde_json::Error::custom(
            "it is neither a struct nor a map",
        )),
    }
}

impl Representation for Cell {
    fn null() -> Self {
        Self::Null
    }

    fn boolean(value: bool) -> Self {
        value.into()
    }

    fn signed(value: i128) -> Self {
        value.into()
    }

    fn unsigned(value: u128) -> Self {
        value.into()
    }

    fn float32(value: f32) -> Self {
        value.into()
    }

    fn float64(value: f64) -> Self {
        value.into()
    }

    fn text(value: &str) -> Self {
        value.into()
    }

    fn list(items: Vec<Self>) -> Self {
        Self::List(items)
    }

    fn object(fields: Vec<(String, Self)>) -> Self {
        Self::Dict(fields.into_iter().collect())
    }
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
