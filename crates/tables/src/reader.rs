//! Reading a table row by row.

use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::iter::FusedIterator;

use serde::de::DeserializeOwned;
use tempfile::SpooledTempFile;

use crate::file::{Remarks, rewound, spool, write_row};
use crate::parse::Parser;
use crate::type_json::{read_columns, shown};
use crate::{Cell, ColumnName, ColumnType, Columns, LogMode, Number, TableError};

/// Limits for reading a file. Files of the official client are far below, unless their cells are
/// huge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableLimits {
    /// The deepest nesting of lists and dictionaries.
    pub depth: u32,
    /// The most bytes of a row.
    pub row_bytes: u64,
    /// The most bytes of all but the rows: names, types and what else there is.
    pub head_bytes: u64,
    /// Whether an unpaired surrogate, which Python can have in a text and Rust cannot, is an error. It reads as U+FFFD
    /// otherwise, and is counted: [`TableReader::replaced_surrogates`].
    pub refuse_unpaired_surrogates: bool,
}

impl Default for TableLimits {
    fn default() -> Self {
        Self {
            depth: 256,
            row_bytes: 32 << 20,
            head_bytes: 32 << 20,
            refuse_unpaired_surrogates: false,
        }
    }
}

impl TableLimits {
    /// The deepest nesting of types, which is more than that of their values.
    pub(super) const fn type_depth(&self) -> u32 {
        self.depth.saturating_mul(3).saturating_add(8)
    }
}

/// Reads a table row by row, in flat memory however many rows there are.
///
/// Whatever the official client has written can be read: `NaN` and infinite numbers, which JSON does not have, whole
/// numbers of any size, files without types. An unpaired surrogate, which no text of Rust can hold, reads as U+FFFD, unless
/// [`TableLimits`] refuse it. Where the types come after the rows, the rows wait in a temporary file until all of it is
/// read.
///
/// ```
/// # mod wandb_rs { pub extern crate tables as table; }
/// use wandb_rs::table::TableReader;
///
/// let file = r#"{"_type": "table", "columns": ["id", "name"], "data": [[1, "a"], [2, null]], "ncols": 2, "nrows": 2}"#;
/// let reader = TableReader::new(file.as_bytes())?;
/// let rows: Vec<(u32, Option<String>)> = reader.rows().collect::<Result<_, _>>()?;
/// assert_eq!(rows, [(1, Some("a".to_owned())), (2, None)]);
/// # Ok::<(), wandb_rs::table::TableError>(())
/// ```
#[derive(Debug)]
pub struct TableReader<R> {
    head: Head,
    columns: Columns,
    timestamps: Vec<bool>,
    rows: u64,
    limits: TableLimits,
    source: Source<R>,
}

#[derive(Debug)]
enum Source<R> {
    /// The file itself, at its next row.
    File(Parser<R>),
    /// Rows that were read before the columns.
    Spooled(Parser<SpooledTempFile>),
    /// Nothing is left, or nothing can be read any more.
    End,
}

/// Everything but rows, in the order of the file.
#[derive(Debug, Default)]
struct Head {
    columns: Option<Vec<ColumnName>>,
    types: Option<BTreeMap<String, ColumnType>>,
    ncols: Option<u64>,
    nrows: Option<u64>,
    remarks: Remarks,
    /// The number of unpaired surrogates that became U+FFFD in parts already dropped.
    replaced_surrogates: u64,
}

impl<R: Read> TableReader<R> {
    /// Returns a reader of the table in `source`, which needs no buffer of its own.
    ///
    /// # Errors
    /// [`TableError::Format`] and [`TableError::CutOff`] when it is no table, [`TableError::Limit`] when it is beyond the
    /// default limits, [`TableError::Io`] when it cannot be read.
    pub fn new(source: R) -> Result<Self, TableError> {
        Self::with_limits(source, TableLimits::default())
    }

    /// As [`new`](Self::new), with other limits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limits(source: R, limits: TableLimits) -> Result<Self, TableError> {
        let mut parser = Parser::new(source, limits.type_depth())
            .refusing_surrogates(limits.refuse_unpaired_surrogates);
        parser.allow(limits.head_bytes, "the head before the rows");
        parser.expect(b'{')?;
        let mut head = Head::default();
        if !head.read_to_rows(&mut parser, true)? {
            return Err(parser.wrong("no table: there is no `data`"));
        }
        let source = if head.columns.is_some() && head.types.is_some() {
            Source::File(parser)
        } else {
            Source::Spooled(head.spool(parser, &limits)?)
        };
        let names = head.columns.clone().unwrap_or_default();
        let of = |name: &ColumnName| match &head.types {
            Some(types) => types.get(&name.to_string()).cloned(),
            None => None,
        };
        let types = names
            .iter()
            .map(|name| of(name).unwrap_or_else(|| ColumnType::Unknown.optional()));
        let types = types.collect();
        let columns = Columns::of_file(names, types);
        let mut reader = Self {
            head,
            timestamps: columns.timestamps(),
            columns,
            rows: 0,
            limits,
            source,
        };
        reader.check_columns()?;
        Ok(reader)
    }

    /// Returns the columns.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the number of rows read so far.
    #[must_use]
    pub const fn nrows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of unpaired surrogates (`"\ud800"`), which Python can have in a text and Rust cannot, were read as
    /// U+FFFD so far. A table that is to be written again as it was must have none.
    #[must_use]
    pub const fn replaced_surrogates(&self) -> u64 {
        match &self.source {
            Source::File(parser) => parser.replaced_surrogates(),
            Source::Spooled(_) | Source::End => self.head.replaced_surrogates,
        }
    }

    /// Returns when the table may be logged to a run again. It is after the rows in a file, and is sure when they are
    /// read.
    #[must_use]
    pub const fn log_mode(&self) -> LogMode {
        self.head.remarks.log_mode
    }

    /// Returns the rows as structs, whose fields are those of the columns of their names; or as tuples, in order.
    pub fn rows<T: DeserializeOwned>(mut self) -> impl Iterator<Item = Result<T, TableError>> {
        std::iter::from_fn(move || {
            let row = self.next()?;
            Some(row.and_then(|row| self.columns.deserialize_row(self.rows - 1, &row)))
        })
    }

    /// Returns whether the file has types of columns.
    pub(super) const fn has_types(&self) -> bool {
        self.head.types.is_some()
    }

    pub(super) const fn remarks(&self) -> &Remarks {
        &self.head.remarks
    }

    fn check_columns(&mut self) -> Result<(), TableError> {
        match self.head.ncols {
            Some(declared) if declared != self.columns.len() as u64 => Err(TableError::Count {
                what: "columns",
                declared,
                found: self.columns.len() as u64,
            }),
            _ => Ok(()),
        }
    }

    /// Warns once of replaced text.
    fn warn_of_replaced(&self) {
        let count = self.replaced_surrogates();
        if 0 < count {
            tracing::warn!(count, "unpaired surrogates in a table were read as U+FFFD");
        }
    }

    fn read_row(&mut self) -> Result<Option<Vec<Cell>>, TableError> {
        let row = match &mut self.source {
            Source::File(parser) => {
                next_row(parser, self.rows, self.columns.names(), &self.limits)?
            }
            Source::Spooled(parser) => {
                next_row(parser, self.rows, self.columns.names(), &self.limits)?
            }
            Source::End => return Ok(None),
        };
        let Some(mut row) = row else {
            if let Source::File(mut parser) = std::mem::replace(&mut self.source, Source::End) {
                self.head.read_to_end(&mut parser, &self.limits)?;
                self.check_columns()?;
            }
            self.warn_of_replaced();
            return match self.head.nrows {
                Some(declared) if declared != self.rows => Err(TableError::Count {
                    what: "rows",
                    declared,
                    found: self.rows,
                }),
                _ => Ok(None),
            };
        };
        if row.len() != self.columns.len() {
            return Err(TableError::Ragged {
                row: self.rows,
                expected: self.columns.len(),
                found: row.len(),
            });
        }
        for (cell, is_time) in row.iter_mut().zip(&self.timestamps) {
            if let (true, Cell::Number(time)) = (is_time, &*cell) {
                *cell = Cell::Timestamp(time.clone());
            }
        }
        self.rows += 1;
        Ok(Some(row))
    }
}

impl<R: Read> Iterator for TableReader<R> {
    type Item = Result<Vec<Cell>, TableError>;

    /// Returns the next row; after an error nothing follows.
    fn next(&mut self) -> Option<Self::Item> {
        let row = self.read_row();
        if row.is_err() {
            self.source = Source::End;
            // The error is reported once.
            self.head.nrows = None;
        }
        row.transpose()
    }
}

impl<R: Read> FusedIterator for TableReader<R> {}

fn next_row<R: Read>(
    parser: &mut Parser<R>,
    index: u64,
    names: &[ColumnName],
    limits: &TableLimits,
) -> Result<Option<Vec<Cell>>, TableError> {
    parser.allow_row(limits.row_bytes);
    parser.set_depth(limits.depth);
    if !parser.next_item(b']', index == 0)? {
        return Ok(None);
    }
    let row = parser.value();
    let row = row.map_err(|error| at_column(error, index, parser.item(), names));
    match row? {
        Cell::List(row) => Ok(Some(row)),
        other => Err(parser.wrong(format!("row {index} is no list: {}", shown(&other)))),
    }
}

/// Names row and column in place of the byte, which helps to find the cell.
fn at_column(error: TableError, row: u64, column: usize, names: &[ColumnName]) -> TableError {
    let TableError::UnpairedSurrogate { unit, .. } = error else {
        return error;
    };
    let column = match names.get(column) {
        Some(name) => format!("column {:?}", name.to_string()),
        // The names come after the rows.
        None => format!("value {column}"),
    };
    TableError::UnpairedSurrogate {
        place: format!("row {row}, {column}"),
        unit,
    }
}

impl Head {
    /// Reads fields up to the rows; returns whether there are rows. `is_first` means that no field was read yet.
    fn read_to_rows<R: Read>(
        &mut self,
        parser: &mut Parser<R>,
        mut is_first: bool,
    ) -> Result<bool, TableError> {
        while parser.next_item(b'}', is_first)? {
            is_first = false;
            let key = parser.key()?;
            if key == "data" {
                parser.expect(b'[')?;
                return Ok(true);
            }
            let value = parser.value()?;
            self.field(&key, value).map_err(|what| parser.wrong(what))?;
        }
        Ok(false)
    }

    fn read_to_end<R: Read>(
        &mut self,
        parser: &mut Parser<R>,
        limits: &TableLimits,
    ) -> Result<(), TableError> {
        parser.allow(limits.head_bytes, "the tail after the rows");
        parser.set_depth(limits.type_depth());
        if self.read_to_rows(parser, false)? {
            return Err(parser.wrong("`data` is there twice"));
        }
        self.replaced_surrogates = parser.replaced_surrogates();
        parser.end()
    }

    /// Reads all of the file, and returns a reader of the rows.
    fn spool<R: Read>(
        &mut self,
        mut parser: Parser<R>,
        limits: &TableLimits,
    ) -> Result<Parser<SpooledTempFile>, TableError> {
        let mut spool = spool();
        let mut text = Vec::new();
        let mut index = 0;
        let names = self.columns.clone().unwrap_or_default();
        while let Some(row) = next_row(&mut parser, index, &names, limits)? {
            text.clear();
            write_row(&mut text, index, &row);
            spool.write_all(&text)?;
            index += 1;
        }
        spool.write_all(b"]")?;
        self.read_to_end(&mut parser, limits)?;
        if self.columns.is_none() {
            return Err(parser.wrong("no table: there are no `columns`"));
        }
        Ok(Parser::new(rewound(spool)?, limits.depth))
    }

    fn field(&mut self, key: &str, value: Cell) -> Result<(), String> {
        let count = |value: &Cell| {
            let count = value.as_number().and_then(Number::as_u64);
            count.ok_or_else(|| format!("`{key}` is no count: {}", shown(value)))
        };
        match key {
            "_type" if value.as_str() != Some("table") => {
                return Err(format!("no table, but {}", shown(&value)));
            }
            "columns" => {
                let before = self.columns.replace(names(value)?);
                once(key, before.is_none())?;
            }
            "column_types" | "log_mode" if value == Cell::Null => {}
            "column_types" => {
                let before = self.types.replace(read_columns(value)?);
                once(key, before.is_none())?;
            }
            "log_mode" => {
                let mode = value.as_str().and_then(LogMode::parse);
                let mode = mode.ok_or_else(|| format!("no `log_mode`: {}", shown(&value)))?;
                self.remarks.log_mode = mode;
            }
            "ncols" => self.ncols = Some(count(&value)?),
            "nrows" => self.nrows = Some(count(&value)?),
            "increment_num" => self.remarks.increment = Some(value),
            "previous_increments_paths" => self.remarks.previous = Some(value),
            // Whatever later clients may add.
            _ => {}
        }
        Ok(())
    }
}

fn once(key: &str, is_first: bool) -> Result<(), String> {
    let twice = || format!("`{key}` is there twice");
    is_first.then_some(()).ok_or_else(twice)
}

fn names(json: Cell) -> Result<Vec<ColumnName>, String> {
    let Cell::List(names) = json else {
        return Err(format!("`columns` is no list: {}", shown(&json)));
    };
    let name = |name: Cell| match name {
        Cell::String(text) => Ok(ColumnName::Text(text)),
        Cell::Number(number) if number.as_i64().is_some() => {
            Ok(ColumnName::Number(number.as_i64().unwrap_or_default()))
        }
        other => Err(format!(
            "the name of a column is neither text nor whole number: {}",
            shown(&other)
        )),
    };
    names.into_iter().map(name).collect()
}
