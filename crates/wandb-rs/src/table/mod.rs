//! Tables: rows of typed values, in the files that the W&B app and the official client read.
//!
//! * [`Table`] is a table in memory; [`TableWriter`] and [`TableReader`] go row by row, however many there are.
//! * [`PartitionedTable`] is the tables of a folder as one, [`JoinedTable`] two tables side by side.
//! * [`Artifact::add`](crate::Artifact::add) puts them into an artifact, [`LoggedArtifact::get`](crate::LoggedArtifact::get)
//!   finds them in a version.

#[cfg(feature = "arrow")]
mod arrow;
mod cell;
mod column_type;
mod columns;
mod error;
mod file;
mod infer;
mod logged;
mod memory;
mod number;
mod object;
mod parse;
mod reader;
mod rows;
mod spool;
mod text;
mod type_json;
mod views;
mod writer;

pub use cell::Cell;
pub use column_type::ColumnType;
pub use columns::{ColumnName, Columns};
pub use error::TableError;
pub use file::LogMode;
pub(crate) use logged::Version;
pub use logged::{
    LoggedJoinedTable, LoggedObject, LoggedPartitionedTable, LoggedTable, PartsReader,
};
pub use memory::Table;
pub use number::Number;
pub use object::{ArtifactObject, ObjectKind};
pub use reader::{TableLimits, TableReader};
pub use views::{JoinKey, JoinedTable, PartitionedTable};
pub use writer::TableWriter;

// Callers need the same versions.
#[cfg(feature = "arrow")]
pub use {arrow_array, arrow_schema};

/// What cannot fail cannot go wrong: lets columns stand where their names may.
impl From<std::convert::Infallible> for TableError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
