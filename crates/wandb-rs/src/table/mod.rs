//! Tables: rows of typed values, in the files that the W&B app and the official client read.
//!
//! * [`Table`] is a table in memory; [`TableWriter`] and [`TableReader`] go row by row, however many there are.
//! * [`PartitionedTable`] is the tables of a folder as one, [`JoinedTable`] two tables side by side.
//! * [`Artifact::add`](crate::Artifact::add) puts them into an artifact, [`LoggedArtifact::get`](crate::LoggedArtifact::get)
//!   finds them in a version.

mod logged;
mod object;
mod views;

pub(crate) use logged::Version;
pub use logged::{
    LoggedJoinedTable, LoggedObject, LoggedPartitionedTable, LoggedTable, PartsReader,
};
pub use object::{ArtifactObject, ObjectKind};
pub use tables::{
    Cell, ColumnName, ColumnType, Columns, LogMode, Number, Table, TableError, TableLimits,
    TableReader, TableWriter,
};
pub use views::{JoinKey, JoinedTable, PartitionedTable};

// Callers need the same versions.
#[cfg(feature = "arrow")]
pub use tables::{arrow_array, arrow_schema};
