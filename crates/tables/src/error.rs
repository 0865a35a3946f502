//! Errors of tables.

use std::io;

/// An error of a table or its file. Rows are counted from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Two columns have the same name.
    #[error("duplicate column {name:?}")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// There is no such column.
    #[error("no column {name:?}; the columns are {}", columns.join(", "))]
    NoColumn {
        /// The name.
        name: String,
        /// The names of the columns.
        columns: Vec<String>,
    },
    /// A row has more values than there are columns, or fewer.
    #[error("row {row} has {found} values for {expected} columns")]
    Ragged {
        /// The row.
        row: u64,
        /// The number of columns.
        expected: usize,
        /// The number of values in the row.
        found: usize,
    },
    /// A value does not fit what its column holds.
    #[error(
        "row {row}: a value of type {found} does not fit column {column:?}, which holds {expected}"
    )]
    Type {
        /// The row.
        row: u64,
        /// The column.
        column: String,
        /// The type of the value.
        found: String,
        /// The type of the column.
        expected: String,
    },
    /// A column was to be added that has another number of values than there are rows.
    #[error("{found} values of column {column:?} for {expected} rows")]
    ColumnLength {
        /// The column.
        column: String,
        /// The number of rows.
        expected: usize,
        /// The number of values.
        found: usize,
    },
    /// A row is no struct, or cannot be made one.
    #[error("row {row} cannot be turned into a value, or a value into it")]
    Row {
        /// The row.
        row: u64,
        /// The failure.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Columns cannot be turned into those of another library, or the other way round.
    #[error("column {column:?} cannot be converted: {reason}")]
    Conversion {
        /// The column.
        column: String,
        /// Why.
        reason: String,
    },
    /// A file is no table, or no JSON.
    #[error("byte {at} of the table's file: {what}")]
    Format {
        /// The offset of the byte.
        at: u64,
        /// The problem.
        what: String,
    },
    /// A text holds an unpaired surrogate, which [`TableLimits`](crate::TableLimits) refuse.
    #[error(
        "{place}: a text holds an unpaired surrogate, `\\u{unit:04x}`, which no text of Rust can"
    )]
    UnpairedSurrogate {
        /// Row and column, or the byte where it is in neither.
        place: String,
        /// The surrogate.
        unit: u16,
    },
    /// A file ends in the middle.
    #[error("the table's file is cut off after {at} bytes, in {within}")]
    CutOff {
        /// The size of the file in bytes.
        at: u64,
        /// The part that was being read.
        within: String,
    },
    /// A count in the file is wrong.
    #[error("the table's file declares {declared} {what}, but has {found}")]
    Count {
        /// Rows or columns.
        what: &'static str,
        /// The declared count.
        declared: u64,
        /// The actual count.
        found: u64,
    },
    /// Something is larger than what may be read; [`TableLimits`](crate::TableLimits) can be raised.
    #[error("{what} is beyond the limit of {limit} {unit}")]
    Limit {
        /// The part that is too large.
        what: String,
        /// The limit.
        limit: u64,
        /// Its unit: `bytes` or `levels`.
        unit: &'static str,
    },
    /// Parts of one table have different columns.
    #[error(
        "the parts of the table differ in their columns: {first} has {expected}, {other} has {found}"
    )]
    Parts {
        /// The first part.
        first: String,
        /// Its columns.
        expected: String,
        /// Another part.
        other: String,
        /// The columns of that one.
        found: String,
    },
    /// A table to join is not in the artifact.
    #[error("{path} is no table of the artifact")]
    NotInArtifact {
        /// The path.
        path: String,
    },
    /// The file cannot be read or written.
    #[error("the table's file cannot be read or written")]
    Io(#[from] io::Error),
}

impl TableError {
    /// Returns advice for the user, if there is any.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Type { .. } => {
                "let the column hold several types: `Columns::mixed`, or `Columns::cast` for this one"
            }
            Self::NotInArtifact { .. } => {
                "add the tables first, and join them by the paths that `Artifact::add` returns"
            }
            Self::Limit { .. } => "read it with higher `TableLimits` if you trust its author",
            Self::UnpairedSurrogate { .. } => {
                "write the table again without it; or read it without `TableLimits::refuse_unpaired_surrogates`, as U+FFFD"
            }
            Self::CutOff { .. } => {
                "`wandb-rs artifact verify` checks whether the stored file is complete"
            }
            _ => return None,
        };
        Some(text.into())
    }
}
