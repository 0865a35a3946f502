//! The tables of a folder of a version as one.

use std::iter::FusedIterator;

use artifact_core::LogicalPath;
use serde::de::DeserializeOwned;

use super::{LoggedTable, Version};
use crate::table::{Cell, ColumnName, Columns, PartitionedTable, TableError, TableReader};
use crate::{Error, LoggedArtifact};

/// The tables of a folder of a version as one.
#[derive(Debug, Clone)]
pub struct LoggedPartitionedTable {
    version: Version,
    path: LogicalPath,
    view: PartitionedTable,
}

impl LoggedPartitionedTable {
    pub(super) const fn new(version: Version, path: LogicalPath, view: PartitionedTable) -> Self {
        Self {
            version,
            path,
            view,
        }
    }

    /// Returns the version.
    #[must_use]
    pub const fn artifact(&self) -> &LoggedArtifact {
        &self.version.artifact
    }

    /// Returns the path of its entry.
    #[must_use]
    pub const fn path(&self) -> &LogicalPath {
        &self.path
    }

    /// Returns the folder of the parts.
    #[must_use]
    pub const fn view(&self) -> &PartitionedTable {
        &self.view
    }

    /// Returns the paths of its parts: all entries below the folder, in the order of their paths, so 10 before 2.
    pub fn part_paths(&self) -> impl Iterator<Item = &LogicalPath> {
        let folder = format!("{}/", self.view.parts_path());
        let paths = self.version.manifest.iter().map(|(path, _)| path);
        paths.filter(move |path| path.as_str().starts_with(&folder))
    }

    /// Fetches all parts, several at a time.
    ///
    /// # Errors
    /// [`Error::Flow`] when they cannot be fetched.
    pub async fn parts(&self) -> Result<Vec<LoggedTable>, Error> {
        let mut tables = Vec::new();
        let mut own = Vec::new();
        for path in self.part_paths() {
            let (version, followed) = self.version.follow(path.clone()).await?;
            if followed == *path && version.artifact.id == self.version.artifact.id {
                own.push(tables.len());
                tables.push((version, followed, None));
            } else {
                let (folder, mut files) = version.fetch(std::slice::from_ref(&followed)).await?;
                tables.push((version, followed, files.pop().map(|file| (file, folder))));
            }
        }
        let paths: Vec<_> = own.iter().map(|place| tables[*place].1.clone()).collect();
        let (folder, files) = self.version.fetch(&paths).await?;
        for (place, file) in own.into_iter().zip(files) {
            tables[place].2 = Some((file, std::sync::Arc::clone(&folder)));
        }
        let table = |(version, path, fetched): (Version, LogicalPath, Option<_>)| {
            let (file, folder) = fetched?;
            Some(LoggedTable {
                version,
                path,
                file,
                _folder: folder,
            })
        };
        Ok(tables.into_iter().filter_map(table).collect())
    }

    /// Fetches all parts, and returns a reader of their rows, part after part.
    ///
    /// # Errors
    /// As [`parts`](Self::parts), and [`Error::NotATable`] when the first one is none.
    pub async fn reader(&self) -> Result<PartsReader, Error> {
        PartsReader::new(self.parts().await?)
    }
}

/// Reads the rows of a partitioned table, part after part.
#[derive(Debug)]
pub struct PartsReader {
    columns: Columns,
    /// The path of the first part, for messages.
    first: String,
    current: Option<(TableReader<std::fs::File>, LoggedTable)>,
    left: std::vec::IntoIter<LoggedTable>,
    rows: u64,
    /// Of the parts before the current one.
    replaced_surrogates: u64,
}

impl PartsReader {
    pub(super) fn new(parts: Vec<LoggedTable>) -> Result<Self, Error> {
        let mut left = parts.into_iter();
        let current = match left.next() {
            Some(first) => Some((first.reader()?, first)),
            None => None,
        };
        let columns = match &current {
            Some((reader, _)) => reader.columns().clone(),
            None => Columns::default(),
        };
        let first = current
            .as_ref()
            .map_or_else(String::new, |(_, table)| table.path().to_string());
        Ok(Self {
            columns,
            first,
            current,
            left,
            rows: 0,
            replaced_surrogates: 0,
        })
    }

    /// Returns the columns: those of the first part, as every other part has to have them.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Returns the number of rows read so far.
    #[must_use]
    pub const fn nrows(&self) -> u64 {
        self.rows
    }

    /// Returns the number of unpaired surrogates were read as U+FFFD so far; see [`TableReader::replaced_surrogates`].
    #[must_use]
    pub const fn replaced_surrogates(&self) -> u64 {
        let current = match &self.current {
            Some((reader, _)) => reader.replaced_surrogates(),
            None => 0,
        };
        self.replaced_surrogates + current
    }

    /// Returns the rows as structs or tuples.
    pub fn rows<T: DeserializeOwned>(mut self) -> impl Iterator<Item = Result<T, Error>> {
        std::iter::from_fn(move || {
            let row = self.next()?;
            Some(row.and_then(|row| Ok(self.columns.deserialize_row(self.rows - 1, &row)?)))
        })
    }

    fn read_row(&mut self) -> Result<Option<Vec<Cell>>, Error> {
        loop {
            let Some((reader, table)) = &mut self.current else {
                return Ok(None);
            };
            if let Some(row) = reader.next() {
                let row = row.map_err(|source| table.not_a_table(source))?;
                self.rows += 1;
                return Ok(Some(row));
            }
            self.replaced_surrogates += reader.replaced_surrogates();
            self.current = match self.left.next() {
                Some(next) => {
                    let reader = next.reader()?;
                    self.check(&reader, &next)?;
                    Some((reader, next))
                }
                None => None,
            };
        }
    }

    fn check(&self, reader: &TableReader<std::fs::File>, table: &LoggedTable) -> Result<(), Error> {
        let names = |columns: &[ColumnName]| {
            let names = columns.iter().map(ToString::to_string);
            names.collect::<Vec<_>>().join(", ")
        };
        if reader.columns().names() == self.columns.names() {
            return Ok(());
        }
        Err(Error::Table(TableError::Parts {
            first: self.first.clone(),
            expected: names(self.columns.names()),
            other: table.path().to_string(),
            found: names(reader.columns().names()),
        }))
    }
}

impl Iterator for PartsReader {
    type Item = Result<Vec<Cell>, Error>;

    /// Returns the next row; after an error nothing follows.
    fn next(&mut self) -> Option<Self::Item> {
        let row = self.read_row();
        if row.is_err() {
            self.current = None;
        }
        row.transpose()
    }
}

impl FusedIterator for PartsReader {}
