//! A table in memory.

use std::io::{Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::file::{Remarks, write_head, write_row, write_tail};
use crate::rows::{first_row, to_row};
use crate::{Cell, ColumnName, ColumnType, Columns, LogMode, TableError, TableReader};

/// The size of writes, in bytes.
const CHUNK: usize = 64 << 10;

/// A table in memory; for one of many rows, see [`TableWriter`](crate::TableWriter) and
/// [`TableReader`](crate::TableReader).
///
/// ```
/// # mod wandb_rs { pub extern crate tables as table; }
/// use serde::{Deserialize, Serialize};
/// use wandb_rs::table::Table;
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Prediction {
///     image: String,
///     score: f64,
///     label: Option<u8>,
/// }
///
/// let mut table = Table::new(["image", "score", "label"])?;
/// table.add_data(["a.png".into(), 0.5.into(), 3.into()])?;
/// table.add_row(&Prediction { image: "b.png".to_owned(), score: 0.25, label: None })?;
/// let rows: Vec<Prediction> = table.rows().collect::<Result<_, _>>()?;
/// assert_eq!(rows[1].label, None);
/// assert_eq!(Table::from_rows(&rows)?, table);
/// # Ok::<(), wandb_rs::table::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Columns,
    data: Vec<Vec<Cell>>,
    remarks: Remarks,
}

impl Table {
    /// Returns an empty table with these columns: names, or [`Columns`] with types.
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
            data: Vec::new(),
            remarks: Remarks::default(),
        })
    }

    /// Returns a table whose columns are the fields of these structs, in their order.
    ///
    /// A field that is skipped in the first row has no column; without rows there are none at all.
    ///
    /// # Errors
    /// [`TableError::Row`] when a row is neither struct nor map, [`TableError::NoColumn`] when it has a field that the
    /// first one has not, [`TableError::Type`] when it has another type there.
    pub fn from_rows<'a, T: Serialize + 'a>(
        rows: impl IntoIterator<Item = &'a T>,
    ) -> Result<Self, TableError> {
        let mut rows = rows.into_iter();
        let Some(first) = rows.next() else {
            return Self::new::<[&str; 0]>([]);
        };
        let (names, first) = first_row(first)?;
        let mut table = Self::new(names)?;
        table.add_data(first)?;
        for row in rows {
            table.add_row(row)?;
        }
        Ok(table)
    }

    /// Sets when the table may be logged to a run again.
    #[must_use]
    pub const fn log_mode(mut self, mode: LogMode) -> Self {
        self.remarks.log_mode = mode;
        self
    }

    /// Reads a whole table, of any length. Types and remarks are kept as the file has them.
    ///
    /// # Errors
    /// As those of [`TableReader`].
    pub fn read(source: impl Read) -> Result<Self, TableError> {
        TableReader::new(source)?.try_into()
    }

    /// Writes the file: the bytes that the official client writes of the same values.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write<W: Write>(&self, mut out: W) -> std::io::Result<W> {
        let mut text = Vec::new();
        write_head(&mut text, &self.columns);
        for (index, row) in (0..).zip(&self.data) {
            write_row(&mut text, index, row);
            if CHUNK < text.len() {
                out.write_all(&text)?;
                text.clear();
            }
        }
        write_tail(&mut text, self.ncols(), self.nrows(), &self.remarks);
        out.write_all(&text)?;
        out.flush()?;
        Ok(out)
    }

    /// Returns the columns.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the rows.
    #[must_use]
    pub fn data(&self) -> &[Vec<Cell>] {
        &self.data
    }

    /// Returns the number of rows.
    #[must_use]
    pub const fn nrows(&self) -> u64 {
        self.data.len() as u64
    }

    /// Returns the number of columns.
    #[must_use]
    pub const fn ncols(&self) -> usize {
        self.columns.len()
    }

    /// Returns the rows as structs, whose fields are those of the columns of their names; or as tuples, in order.
    pub fn rows<T: DeserializeOwned>(&self) -> impl Iterator<Item = Result<T, TableError>> {
        let rows = (0..).zip(&self.data);
        rows.map(|(index, row)| self.columns.deserialize_row(index, row))
    }

    /// Adds a row. One that does not fit is not added, and changes nothing.
    ///
    /// # Errors
    /// [`TableError::Ragged`] and [`TableError::Type`] when it does not fit.
    pub fn add_data(&mut self, row: impl IntoIterator<Item = Cell>) -> Result<(), TableError> {
        let mut row: Vec<_> = row.into_iter().collect();
        self.columns.admit(self.nrows(), &mut row)?;
        self.data.push(row);
        Ok(())
    }

    /// Adds a row out of a struct or a map: its fields go into the columns of their names, and there is nothing in the
    /// others.
    ///
    /// # Errors
    /// [`TableError::Row`] when it is no struct, [`TableError::NoColumn`] when it has a field without a column; else as
    /// [`add_data`](Self::add_data).
    pub fn add_row<T: Serialize + ?Sized>(&mut self, row: &T) -> Result<(), TableError> {
        let row = to_row(self.nrows(), row, &self.columns)?;
        self.add_data(row)
    }

    /// Returns the values of a column.
    ///
    /// # Errors
    /// [`TableError::NoColumn`] when there is none of this name.
    pub fn column(&self, name: &str) -> Result<impl Iterator<Item = &Cell>, TableError> {
        let column = self.columns.position(name)?;
        Ok(self.data.iter().map(move |row| &row[column]))
    }

    /// Adds a column with a value for each row; in a table without columns it makes the rows.
    ///
    /// # Errors
    /// [`TableError::DuplicateColumn`], [`TableError::ColumnLength`], and [`TableError::Type`] when the values are of
    /// several types; then nothing is added.
    pub fn add_column(
        &mut self,
        name: impl Into<ColumnName>,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Result<(), TableError> {
        let name = name.into();
        if self.columns.position(&name.to_string()).is_ok() {
            return Err(TableError::DuplicateColumn {
                name: name.to_string(),
            });
        }
        let cells: Vec<_> = cells.into_iter().collect();
        if self.columns.is_empty() && self.data.is_empty() {
            self.data.resize_with(cells.len(), Vec::new);
        }
        if cells.len() != self.data.len() {
            return Err(TableError::ColumnLength {
                column: name.to_string(),
                expected: self.data.len(),
                found: cells.len(),
            });
        }
        let column_type = learn(ColumnType::Unknown.optional(), &name, cells.iter())?;
        self.columns.push(name, column_type);
        for (row, cell) in self.data.iter_mut().zip(cells) {
            row.push(cell);
        }
        Ok(())
    }

    /// Sets the type of a column.
    ///
    /// # Errors
    /// [`TableError::NoColumn`], and [`TableError::Type`] when something else is in it already.
    pub fn cast(&mut self, name: &str, column_type: ColumnType) -> Result<(), TableError> {
        let column = self.columns.position(name)?;
        let name = self.columns.names()[column].clone();
        let column_type = learn(column_type, &name, self.data.iter().map(|row| &row[column]))?;
        self.columns.set(column, column_type);
        Ok(())
    }
}

/// Returns what a column of this type is with these values in it.
fn learn<'a>(
    column_type: ColumnType,
    name: &ColumnName,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<ColumnType, TableError> {
    (0..).zip(cells).try_fold(column_type, |own, (row, cell)| {
        if own.takes_as_is(cell) {
            return Ok(own);
        }
        own.assign(cell).ok_or_else(|| TableError::Type {
            row,
            column: name.to_string(),
            found: ColumnType::of(cell).to_string(),
            expected: own.to_string(),
        })
    })
}

impl<R: Read> TryFrom<TableReader<R>> for Table {
    type Error = TableError;

    /// Reads the remaining rows.
    fn try_from(mut reader: TableReader<R>) -> Result<Self, TableError> {
        let data = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
        let mut table = Self {
            columns: reader.columns().clone(),
            data,
            remarks: reader.remarks().clone(),
        };
        if !reader.has_types() {
            table.find_types();
        }
        Ok(table)
    }
}

impl Table {
    /// Infers the types of columns whose file has none; a column with values of several types holds any.
    fn find_types(&mut self) {
        for column in 0..self.ncols() {
            let name = &self.columns.names()[column];
            let cells = self.data.iter().map(|row| &row[column]);
            let found = learn(ColumnType::Unknown.optional(), name, cells);
            let found = found.unwrap_or_else(|_| ColumnType::Any.optional());
            self.columns.set(column, found);
        }
    }
}
