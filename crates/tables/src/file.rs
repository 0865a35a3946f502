//! The head and the tail of a table's file, and rows spooled between them.

use std::io::{self, BufWriter, Seek as _};

use tempfile::SpooledTempFile;

use crate::text::{separate, write_list, write_text};
use crate::type_json::write_columns;
use crate::{Cell, ColumnName, Columns};

/// The condition under which a table may be logged to a run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogMode {
    /// Once only.
    #[default]
    Immutable,
    /// Whenever it has changed, as another version.
    Mutable,
    /// Whenever rows were added, only those rows.
    Incremental,
}

impl LogMode {
    /// Returns its name in a file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Immutable => "IMMUTABLE",
            Self::Mutable => "MUTABLE",
            Self::Incremental => "INCREMENTAL",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Immutable, Self::Mutable, Self::Incremental]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// The fields of a file beside columns and rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Remarks {
    pub(super) log_mode: LogMode,
    /// Of an incremental table: which increment it is, and where the others are.
    pub(super) increment: Option<Cell>,
    pub(super) previous: Option<Cell>,
}

/// Writes all that is before the rows.
pub(super) fn write_head(out: &mut Vec<u8>, columns: &Columns) {
    out.extend_from_slice(br#"{"_type": "table", "column_types": "#);
    write_columns(out, columns);
    out.extend_from_slice(br#", "columns": ["#);
    for (place, name) in columns.names().iter().enumerate() {
        separate(out, place);
        match name {
            ColumnName::Text(text) => write_text(out, text),
            ColumnName::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        }
    }
    out.extend_from_slice(br#"], "data": ["#);
}

/// Writes a row, which is not the first unless `index` is 0.
pub(super) fn write_row(out: &mut Vec<u8>, index: u64, row: &[Cell]) {
    separate(out, usize::from(index != 0));
    write_list(out, row);
}

/// Writes all that is after the rows.
pub(super) fn write_tail(out: &mut Vec<u8>, columns: usize, rows: u64, remarks: &Remarks) {
    out.push(b']');
    let mut field = |key: &str, value: &str| {
        out.extend_from_slice(format!(r#", "{key}": {value}"#).as_bytes());
    };
    let is_incremental = remarks.log_mode == LogMode::Incremental;
    let or = |own: &Option<Cell>, default: &str| match own {
        Some(value) => value.to_json(),
        None => default.to_owned(),
    };
    if is_incremental {
        field("increment_num", &or(&remarks.increment, "0"));
    }
    field("log_mode", &format!(r#""{}""#, remarks.log_mode.as_str()));
    field("ncols", &columns.to_string());
    field("nrows", &rows.to_string());
    if is_incremental {
        field("previous_increments_paths", &or(&remarks.previous, "[]"));
    }
    out.push(b'}');
}

/// The size of spooled rows that are kept in memory, in bytes.
const MAX_IN_MEMORY: usize = 1 << 20;

/// Returns a place for rows that wait for the head of their file; beyond 1 MiB it is an unnamed temporary file.
pub(crate) fn spool() -> BufWriter<SpooledTempFile> {
    BufWriter::new(SpooledTempFile::new(MAX_IN_MEMORY))
}

/// Returns the spooled rows, at their start.
pub(crate) fn rewound(spool: BufWriter<SpooledTempFile>) -> io::Result<SpooledTempFile> {
    let mut rows = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
    rows.rewind()?;
    Ok(rows)
}
