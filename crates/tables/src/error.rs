//! What is wrong with a table.

use std::io;

/// What is wrong with a table, or its file. Rows are counted from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A name is that of two columns.
    #[error("the column {name:?} is there twice")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// There is no such column.
    #[error("there is no column {name:?}; there are {}", columns.join(", "))]
    NoColumn {
        /// The name.
        name: String,
        /// Those that there are.
        columns: Vec<String>,
    },
    /// A row has more values than there are columns, or fewer.
    #[error("row {row} has {found} values for {expected} columns")]
    Ragged {
        /// The row.
        row: u64,
        /// How many columns there are.
        expected: usize,
        /// How many values the row has.
        found: usize,
    },
    /// A value does not fit what its column holds.
    #[error(
        "row {row}: a value of type {found} does not go into column {column:?}, which holds {expected}"
    )]
    Type {
        /// The row.
        row: u64,
        /// The column.
        column: String,
        /// The type of the value.
        found: String,
        /// What the column holds.
        expected: String,
    },
    /// A column was to be added that has another number of values than there are rows.
    #[error("{found} values of column {column:?} for {expected} rows")]
    ColumnLength {
        /// The column.
        column: String,
        /// How many rows there are.
        expected: usize,
        /// How many values there are.
        found: usize,
    },
    /// A row is no struct, or cannot be made one.
    #[error("row {row} cannot be turned into a value, or a value into it")]
    Row {
        /// The row.
        row: u64,
        /// What is wrong with it.
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
        /// Where.
        at: u64,
        /// What is wrong there.
        what: String,
    },
    /// A text holds an unpaired surrogate, which [`TableLimits`](crate::TableLimits) were told to refuse.
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
        /// How many bytes there are.
        at: u64,
        /// What was being read.
        within: String,
    },
    /// A file says of itself what is not so.
    #[error("the table's file says that it has {declared} {what}, but it has {found}")]
    Count {
        /// Rows or columns.
        what: &'static str,
        /// How many it says that there are.
        declared: u64,
        /// How many there are.
        found: u64,
    },
    /// Something is larger than what may be read; [`TableLimits`](crate::TableLimits) can be raised.
    #[error("{what} is beyond the limit of {limit} {unit}")]
    Limit {
        /// What is too large.
        what: String,
        /// What may be.
        limit: u64,
        /// Of what: `bytes` or `levels`.
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
    /// What is to be joined is not in the artifact.
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
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Type { .. } => {
                "let the column hold several types: `Columns::mixed`, or `Columns::cast` for this one"
            }
            Self::NotInArtifact { .. } => {
                "add the tables first, and join them by the paths that `Artifact::add` returns"
            }
            Self::Limit { .. } => "read it with higher `TableLimits` if you trust whoever wrote it",
            Self::UnpairedSurrogate { .. } => {
                "write the table again without it; or read it without `TableLimits::refuse_unpaired_surrogates`, as U+FFFD"
            }
            Self::CutOff { .. } => {
                "`wandb-rs artifact verify` tells whether the stored file is whole"
            }
            _ => return None,
        };
        Some(text.into())
    }
}
