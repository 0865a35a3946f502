//! Tables out of Arrow's record batches, and back.

mod from_arrays;
mod kinds;
mod to_arrays;

use std::io::Read;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};

use crate::{Cell, Columns, Table, TableError, TableReader, TableWriter};

impl TryFrom<&Schema> for Columns {
    type Error = TableError;

    /// Returns the columns that batches of this schema have.
    fn try_from(schema: &Schema) -> Result<Self, TableError> {
        let fields = schema.fields();
        let mut columns = Self::new(fields.iter().map(|field| field.name().as_str()))?;
        for field in fields {
            columns = columns.cast(field.name(), kinds::column_type(field)?)?;
        }
        Ok(columns)
    }
}

impl TableWriter {
    /// Adds the rows of a batch, whose columns are those of the table in the same order.
    ///
    /// # Errors
    /// [`TableError::Conversion`] when a column is of a type that tables do not have; else as
    /// [`add_data`](Self::add_data).
    pub fn add_batch(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        for row in rows(batch)? {
            self.add_data(row)?;
        }
        Ok(())
    }
}

impl Table {
    /// Returns the table of these batches, which all have the columns of the first.
    ///
    /// Points in time finer than a millisecond become floats. Decimals and bytes are errors: no cell holds them exactly.
    ///
    /// # Errors
    /// As [`TableWriter::add_batch`].
    pub fn from_record_batches<'a>(
        batches: impl IntoIterator<Item = &'a RecordBatch>,
    ) -> Result<Self, TableError> {
        let mut batches = batches.into_iter().peekable();
        let Some(first) = batches.peek() else {
            return Self::new::<[&str; 0]>([]);
        };
        let mut table = Self::new(Columns::try_from(&*first.schema())?)?;
        for batch in batches {
            for row in rows(batch)? {
                table.add_data(row)?;
            }
        }
        Ok(table)
    }

    /// Returns all rows as one batch; its schema is found from the values.
    ///
    /// Whole numbers become `Int64`, or `UInt64` where one needs it, or `Float64` beside floats; points in time become
    /// UTC timestamps.
    ///
    /// # Errors
    /// [`TableError::Conversion`] when a column holds values of several types, or numbers that Arrow would round.
    pub fn to_record_batch(&self) -> Result<RecordBatch, TableError> {
        let names = self.columns().names().iter().enumerate();
        let fields = names.map(|(column, name)| {
            let name = name.to_string();
            let cells = self.data().iter().map(|row| &row[column]);
            let kind = kinds::of_cells(cells).map_err(|reason| conversion(&name, reason))?;
            Ok(Field::new(name, kind, true))
        });
        let fields = fields.collect::<Result<Vec<_>, TableError>>()?;
        batch(&Arc::new(Schema::new(fields)), self.data())
    }
}

impl<R: Read> TableReader<R> {
    /// Returns the rows in batches of this schema, `size` rows each but for the last.
    ///
    /// Each batch is an error by itself when a value does not fit; [`Table::to_record_batch`] finds a schema that fits.
    pub fn record_batches(
        mut self,
        schema: SchemaRef,
        size: usize,
    ) -> impl Iterator<Item = Result<RecordBatch, TableError>> {
        std::iter::from_fn(move || {
            let rows: Result<Vec<_>, _> = self.by_ref().take(size.max(1)).collect();
            match rows {
                Ok(rows) if rows.is_empty() => None,
                Ok(rows) => Some(batch(&schema, &rows)),
                Err(error) => Some(Err(error)),
            }
        })
    }
}

/// Returns the rows of a batch.
fn rows(batch: &RecordBatch) -> Result<impl Iterator<Item = Vec<Cell>>, TableError> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let columns = columns.map(|(field, array)| {
        let cells = from_arrays::cells(array);
        Ok(cells
            .map_err(|reason| conversion(field.name(), reason))?
            .into_iter())
    });
    let mut columns = columns.collect::<Result<Vec<_>, TableError>>()?;
    Ok((0..batch.num_rows()).map(move |_| {
        let cells = columns.iter_mut().map(Iterator::next);
        cells.map(Option::unwrap_or_default).collect()
    }))
}

fn batch(schema: &SchemaRef, rows: &[Vec<Cell>]) -> Result<RecordBatch, TableError> {
    let arrays = schema.fields().iter().enumerate().map(|(column, field)| {
        let cells: Vec<_> = rows
            .iter()
            .map(|row| row.get(column).unwrap_or(&Cell::Null))
            .collect();
        to_arrays::array(field.data_type(), &cells)
            .map_err(|reason| conversion(field.name(), reason))
    });
    let arrays = arrays.collect::<Result<Vec<ArrayRef>, TableError>>()?;
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
        .map_err(|error| conversion("", error.to_string()))
}

fn conversion(column: &str, reason: impl Into<String>) -> TableError {
    TableError::Conversion {
        column: column.to_owned(),
        reason: reason.into(),
    }
}
