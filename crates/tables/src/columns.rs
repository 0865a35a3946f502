//! The columns of a table: names and types.

use std::fmt;

use crate::{Cell, ColumnType, TableError};

/// The name of a column: a text, or a whole number, as those of a data frame without names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnName {
    /// A whole number. Sorted before texts.
    Number(i64),
    /// A text.
    Text(String),
}

impl fmt::Display for ColumnName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
        }
    }
}

impl From<&str> for ColumnName {
    fn from(name: &str) -> Self {
        Self::Text(name.to_owned())
    }
}

impl From<String> for ColumnName {
    fn from(name: String) -> Self {
        Self::Text(name)
    }
}

impl From<i64> for ColumnName {
    fn from(name: i64) -> Self {
        Self::Number(name)
    }
}

/// The columns of a table: names and types.
///
/// The first value of a column determines its type; later values have the same type, or are null. To change that:
///
/// ```
/// # mod wandb_rs { pub extern crate tables as table; }
/// use wandb_rs::table::{ColumnType, Columns, Table};
///
/// let columns = Columns::new(["when", "score", "notes"])?
///     .cast("when", ColumnType::Timestamp)?
///     .cast("notes", ColumnType::Any.optional())?;
/// let mut table = Table::new(columns)?;
/// table.add_data([1_577_836_800_000_i64.into(), 0.5.into(), "fine".into()])?;
/// table.add_data([1_577_836_900_000_i64.into(), 0.7.into(), 3.into()])?;
/// # Ok::<(), wandb_rs::table::TableError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Columns {
    names: Vec<ColumnName>,
    types: Vec<ColumnType>,
    /// Whether the type was given, so that values do not determine it.
    is_cast: Vec<bool>,
}

impl PartialEq for Columns {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names && self.types == other.types
    }
}

impl Columns {
    /// Returns columns of these names, in which anything may come first.
    ///
    /// # Errors
    /// [`TableError::DuplicateColumn`] when a name is there twice.
    pub fn new<N: Into<ColumnName>>(
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, TableError> {
        let names: Vec<_> = names.into_iter().map(Into::into).collect();
        let mut sorted: Vec<_> = names.iter().map(ToString::to_string).collect();
        sorted.sort_unstable();
        if let Some([name, _]) = sorted.array_windows().find(|[a, b]| a == b) {
            return Err(TableError::DuplicateColumn { name: name.clone() });
        }
        let types = vec![ColumnType::Unknown.optional(); names.len()];
        Ok(Self {
            is_cast: vec![false; names.len()],
            names,
            types,
        })
    }

    /// Returns the columns of a file, where a name may be there twice: the official client lets it.
    pub(super) fn of_file(names: Vec<ColumnName>, types: Vec<ColumnType>) -> Self {
        Self {
            is_cast: vec![true; names.len()],
            names,
            types,
        }
    }

    /// Sets the type of a column. Numbers in a column of timestamps are milliseconds since 1970 in UTC.
    ///
    /// # Errors
    /// [`TableError::NoColumn`] when there is none of this name.
    pub fn cast(mut self, name: &str, column_type: ColumnType) -> Result<Self, TableError> {
        let column = self.position(name)?;
        self.set(column, column_type);
        Ok(self)
    }

    /// Wants a value in each column of every row. What was [cast](Self::cast) stays.
    #[must_use]
    pub fn required(mut self) -> Self {
        let open = ColumnType::Unknown.optional();
        for own in &mut self.types {
            if *own == open {
                *own = ColumnType::Unknown;
            }
        }
        self
    }

    /// Lets values of any type be in a column together. What was [cast](Self::cast) stays.
    #[must_use]
    pub fn mixed(mut self) -> Self {
        for own in &mut self.types {
            if own.is_or_has(&ColumnType::Unknown) {
                *own = match own {
                    ColumnType::Unknown => ColumnType::Any,
                    _ => ColumnType::Any.optional(),
                };
            }
        }
        self
    }

    /// Returns the names, in order.
    #[must_use]
    pub fn names(&self) -> &[ColumnName] {
        &self.names
    }

    /// Returns the types, in the order of the names.
    #[must_use]
    pub fn types(&self) -> &[ColumnType] {
        &self.types
    }

    /// Returns the number of columns.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns whether there are no columns.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns which column has this name.
    ///
    /// # Errors
    /// [`TableError::NoColumn`] when none has.
    pub fn position(&self, name: &str) -> Result<usize, TableError> {
        let is_it = |column: &ColumnName| match column {
            ColumnName::Text(text) => text == name,
            ColumnName::Number(number) => number.to_string() == name,
        };
        let found = self.names.iter().position(is_it);
        found.ok_or_else(|| TableError::NoColumn {
            name: name.to_owned(),
            columns: self.names.iter().map(ToString::to_string).collect(),
        })
    }

    /// Checks a row, and infers types from it; a row that does not fit changes nothing.
    pub(super) fn admit(&mut self, index: u64, row: &mut [Cell]) -> Result<(), TableError> {
        if row.len() != self.len() {
            return Err(TableError::Ragged {
                row: index,
                expected: self.len(),
                found: row.len(),
            });
        }
        let mut learned = Vec::new();
        for (column, (own, cell)) in self.types.iter().zip(row).enumerate() {
            if own.takes_as_is(cell) {
                continue;
            }
            if let Cell::Number(number) = cell
                && self.is_cast[column]
                && own.is_or_has(&ColumnType::Timestamp)
                && !own.is_or_has(&ColumnType::Number)
            {
                *cell = Cell::Timestamp(number.clone());
                continue;
            }
            match own.assign(cell) {
                Some(new) => learned.push((column, new)),
                None => {
                    return Err(TableError::Type {
                        row: index,
                        column: self.names[column].to_string(),
                        found: ColumnType::of(cell).to_string(),
                        expected: own.to_string(),
                    });
                }
            }
        }
        for (column, new) in learned {
            self.types[column] = new;
        }
        Ok(())
    }

    /// Adds a column.
    pub(super) fn push(&mut self, name: ColumnName, column_type: ColumnType) {
        self.names.push(name);
        self.types.push(column_type);
        self.is_cast.push(false);
    }

    /// Sets the type of a column.
    pub(super) fn set(&mut self, column: usize, column_type: ColumnType) {
        self.types[column] = column_type;
        self.is_cast[column] = true;
    }

    /// Returns, per column, whether it holds timestamps, which are numbers in the file.
    pub(super) fn timestamps(&self) -> Vec<bool> {
        let types = self.types.iter();
        types
            .map(|own| own.is_or_has(&ColumnType::Timestamp))
            .collect()
    }
}

macro_rules! from_names {
    ($([$($generic:tt)*] $names:ty),* $(,)?) => {$(
        impl<N: Into<ColumnName> + Clone, $($generic)*> TryFrom<$names> for Columns {
            type Error = TableError;

            fn try_from(names: $names) -> Result<Self, TableError> {
                Self::new(names.iter().cloned())
            }
        }
    )*};
}
from_names!([const C: usize] [N; C], [const C: usize] &[N; C], [] &[N], [] Vec<N>);
