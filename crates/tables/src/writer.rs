//! Writing a table row by row.

use std::io::{self, Write};

use serde::Serialize;

use crate::file::{Remarks, write_head, write_row, write_tail};
use crate::rows::to_row;
use crate::spool::Spool;
use crate::{Cell, Columns, LogMode, TableError};

/// Writes a table row by row, in flat memory however many rows there are.
///
/// The types of the columns come before the rows in the file, and are known after them only: beyond 1 MiB, the rows wait
/// in a temporary file that nobody else sees.
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
    spool: Spool,
    row: Vec<Cell>,
}

impl TableWriter {
    /// Returns a writer of a table with these columns: names, or [`Columns`] where more is to be said.
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
            spool: Spool::default(),
            row: Vec::new(),
        })
    }

    /// Says when the table may be logged to a run again.
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

    /// Returns how many rows there are.
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
        let (index, row) = (self.rows, &self.row);
        self.spool.append(|out| write_row(out, index, row))?;
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
        io::copy(&mut self.spool.into_reader()?, &mut out)?;
        text.clear();
        write_tail(&mut text, self.columns.len(), self.rows, &self.remarks);
        out.write_all(&text)?;
        out.flush()?;
        Ok(out)
    }
}
