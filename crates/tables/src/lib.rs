//! Tables of W&B: rows of typed values, in the files that the W&B app and the official client read.
//!
//! [`Table`] is a table in memory; [`TableWriter`] and [`TableReader`] go row by row, however many there are.

#[cfg(feature = "arrow")]
mod arrow;
mod cell;
mod column_type;
mod columns;
mod error;
mod file;
mod infer;
mod memory;
mod number;
mod parse;
mod reader;
mod rows;
#[doc(hidden)]
pub mod serializer;
mod text;
mod type_json;
mod writer;

pub use cell::Cell;
pub use column_type::ColumnType;
pub use columns::{ColumnName, Columns};
pub use error::TableError;
pub use file::LogMode;
pub use memory::Table;
pub use number::Number;
pub use reader::{TableLimits, TableReader};
pub use writer::TableWriter;

// Callers need the same versions.
#[cfg(feature = "arrow")]
pub use {arrow_array, arrow_schema};

/// Lets [`Columns`] be given in place of their names.
impl From<std::convert::Infallible> for TableError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
