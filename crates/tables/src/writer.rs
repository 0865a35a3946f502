//! Writing a table row by row.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use tempfile::SpooledTempFile;

use crate::file::{Remarks, rewound, spool, write_head, write_row, write_tail};
use crate::rows::to_row;
use crate::{Cell, Columns, LogMode, TableError};

/// Writes a table row by row, in flat memory however many rows there are.
///
/// The types of the columns come before the rows in the file, and are known after them only: beyond 1 MiB, the rows wait
/// in an unnamed temporary file.
///
/// ```
/// # mod wandb_rs { pub extern crate tables as table; }
/// use wandb_rs::table::TableWriter;
///
/// let mut rows = TableWriter::new(["step", "loss"])?;
/// for step in 0..1000_u32 {
///     rows.add_data([step.into(), (1.0 / f64::from(step + 1)).into()])?;
/// }
/// let file = rows.finish(Vec::new())?;
/// assert!(file.starts_with(b"{"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TableWriter {
    columns: Columns,
    rows: u64,
    remarks: Remarks,
    spool: BufWriter<SpooledTempFile>,
    row: Vec<Cell>,
    /// The text of a row.
    text: Vec<u8>,
}

impl TableWriter {
    /// Returns a writer of a table with these columns: names, or [`Columns`] with types.
    ///
    /// # Errors
    /// [`TableError::DuplicateColumn`] when a name is there twice.
    pub fn new<C>(columns: C) -> Result<Self, TableError>
    where
        C: TryInto<Columns>,
        TableError: From<C::Error>,
    {
        Ok(Self {
            columns: columns.try_into()?,
            rows: 0,
            remarks: Remarks::default(),
            spool: spool(),
            row: Vec::new(),
            text: Vec::new(),
        })
    }

    /// Sets when the table may be logged to a run again.
    #[must_use]
    pub const fn log_mode(mut self, mode: LogMode) -> Self {
        self.remarks.log_mode = mode;
        self
    }

    /// Returns the columns, as far as they are known.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the number of rows.
    #[must_use]
    pub const fn nrows(&self) -> u64 {
        self.rows
    }

    /// Adds a row. One that does not fit is not added, and changes nothing.
    ///
    /// # Errors
    /// [`TableError::Ragged`] and [`TableError::Type`] when it does not fit, [`TableError::Io`] when the temporary file
    /// cannot be written.
    pub fn add_data(&mut self, row: impl IntoIterator<Item = Cell>) -> Result<(), TableError> {
        self.row.clear();
        self.row.extend(row);
        self.columns.admit(self.rows, &mut self.row)?;
        self.text.clear();
        write_row(&mut self.text, self.rows, &self.row);
        self.spool.write_all(&self.text)?;
        self.rows += 1;
        Ok(())
    }

    /// Adds a row out of a struct or a map: its fields go into the columns of their names, and there is nothing in the
    /// others.
    ///
    /// # Errors
    /// [`TableError::Row`] when it is no struct, or has a field without a column; else as [`add_data`](Self::add_data).
    pub fn add_row<T: Serialize + ?Sized>(&mut self, row: &T) -> Result<(), TableError> {
        let row = to_row(self.rows, row, &self.columns)?;
        self.add_data(row)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When `out` or the temporary file fails.
    pub fn finish<W: Write>(self, mut out: W) -> io::Result<W> {
        let mut text = Vec::new();
        write_head(&mut text, &self.columns);
        out.write_all(&text)?;
        io::copy(&mut rewound(self.spool)?, &mut out)?;
        text.clear();
        write_tail(&mut text, self.columns.len(), self.rows, &self.remarks);
        out.write_all(&text)?;
        out.flush()?;
        Ok(out)
    }
}
