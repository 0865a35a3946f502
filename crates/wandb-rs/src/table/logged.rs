//! Tables of versions that have been logged.

mod find;
mod joined;
mod media;
mod partitioned;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::LogicalPath;
use manifest::Manifest;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::{ObjectKind, Table, TableError, TableLimits, TableReader};
use crate::{Artifact, Error, LoggedArtifact};

pub use joined::LoggedJoinedTable;
pub use partitioned::{LoggedPartitionedTable, PartsReader};

/// An object of a version, as [`LoggedArtifact::get`] finds it.
#[derive(Debug)]
pub enum LoggedObject {
    /// A table.
    Table(LoggedTable),
    /// The tables of a folder as one.
    PartitionedTable(LoggedPartitionedTable),
    /// Two tables side by side.
    JoinedTable(LoggedJoinedTable),
}

impl LoggedObject {
    /// Returns the path of its entry.
    #[must_use]
    pub const fn path(&self) -> &LogicalPath {
        match self {
            Self::Table(table) => table.path(),
            Self::PartitionedTable(table) => table.path(),
            Self::JoinedTable(table) => table.path(),
        }
    }

    /// Returns the kind of the object.
    #[must_use]
    pub const fn kind(&self) -> ObjectKind {
        match self {
            Self::Table(_) => ObjectKind::Table,
            Self::PartitionedTable(_) => ObjectKind::PartitionedTable,
            Self::JoinedTable(_) => ObjectKind::JoinedTable,
        }
    }

    /// Returns the table, if it is one.
    #[must_use]
    pub fn into_table(self) -> Option<LoggedTable> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the partitioned table, if it is one.
    #[must_use]
    pub fn into_partitioned(self) -> Option<LoggedPartitionedTable> {
        match self {
            Self::PartitionedTable(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the joined table, if it is one.
    #[must_use]
    pub fn into_joined(self) -> Option<LoggedJoinedTable> {
        match self {
            Self::JoinedTable(table) => Some(table),
            _ => None,
        }
    }
}

/// A version with its manifest, which several objects of it share.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    artifact: LoggedArtifact,
    manifest: Arc<Manifest>,
}

impl Version {
    pub(crate) const fn artifact(&self) -> &LoggedArtifact {
        &self.artifact
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// A table of a version. Its file is here, verified, in a temporary folder that goes with the last value that needs it;
/// the media that its cells name are not.
#[derive(Debug, Clone)]
pub struct LoggedTable {
    version: Version,
    path: LogicalPath,
    file: PathBuf,
    /// Keeps the file.
    _folder: Arc<TempDir>,
}

impl LoggedTable {
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

    /// Returns a reader of its rows.
    ///
    /// # Errors
    /// [`Error::NotATable`] when the file is not right.
    pub fn reader(&self) -> Result<TableReader<File>, Error> {
        self.reader_with_limits(TableLimits::default())
    }

    /// As [`reader`](Self::reader), with other limits.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn reader_with_limits(&self, limits: TableLimits) -> Result<TableReader<File>, Error> {
        let file = File::open(&self.file).map_err(TableError::from);
        file.and_then(|file| TableReader::with_limits(file, limits))
            .map_err(|source| self.not_a_table(source))
    }

    /// Returns a reader of its rows that keeps its file.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn into_reader(self) -> Result<PartsReader, Error> {
        PartsReader::new(vec![self])
    }

    /// Reads all of it into memory.
    ///
    /// # Errors
    /// As [`reader`](Self::reader).
    pub fn load(&self) -> Result<Table, Error> {
        Table::try_from(self.reader()?).map_err(|source| self.not_a_table(source))
    }

    /// Returns its rows as structs or tuples, one after the other.
    ///
    /// # Errors
    /// As [`reader`](Self::reader); and each row may be wrong.
    pub fn rows<T: DeserializeOwned>(
        &self,
    ) -> Result<impl Iterator<Item = Result<T, TableError>>, Error> {
        Ok(self.reader()?.rows())
    }

    /// Adds the table to another artifact as it is, with the media that its cells name. Returns its path there.
    ///
    /// They are references to the version, as in the official client; see [`add_media_to`](Self::add_media_to).
    ///
    /// # Errors
    /// [`Error::Exists`] when the path is taken, [`Error::Flow`] when a table that it refers to cannot be fetched; then
    /// nothing is added.
    pub async fn add_to(
        &self,
        artifact: &mut Artifact,
        name: impl AsRef<str>,
    ) -> Result<LogicalPath, Error> {
        let path: LogicalPath = ObjectKind::Table.path(name.as_ref()).parse()?;
        if artifact.has_entry(&path) {
            return Err(Error::Exists { path });
        }
        let media = self.media_paths().await?;
        let media = media.into_iter().map(|path| (path.clone(), path));
        let table = [(self.path.clone(), path.clone())];
        artifact.borrow(&self.version, media.chain(table))?;
        Ok(path)
    }

    pub(crate) fn not_a_table(&self, source: TableError) -> Error {
        Error::NotATable {
            artifact: self.version.artifact.to_string(),
            path: self.path.to_string(),
            source: Box::new(source),
        }
    }
}
