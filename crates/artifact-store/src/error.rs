//! Why the store could not do what it was asked.

use std::io;
use std::path::PathBuf;

use artifact_core::ports::{BoxError, RegistryError, TransferError};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder holds no store, and none was to be made.
    #[error("there is no artifact store in {}", folder.display())]
    NoStore {
        /// The folder.
        folder: PathBuf,
    },
    /// A newer version of this program wrote the store.
    #[error(
        "the artifact store in {} has schema {found}, this program knows schemas up to {known}: use a newer version of it",
        folder.display()
    )]
    NewerStore {
        /// The store's folder.
        folder: PathBuf,
        /// The schema it has.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// The folder holds a database of something else.
    #[error("{} is not the database of an artifact store", path.display())]
    ForeignDatabase {
        /// The database file.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error("the database {} cannot be opened", path.display())]
    Unusable {
        /// The database file.
        path: PathBuf,
        /// The error of the driver.
        source: BoxError,
    },
    /// A file or folder of the store could not be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The operation, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The database failed, or holds what does not fit its schema.
    #[error("the store's database failed")]
    Database {
        /// The error of the driver.
        source: BoxError,
    },
    /// Content does not have the digest or length it was announced with.
    #[error("what was sent is not the content that was announced")]
    Corrupt,
    /// A rule of the registry forbids it.
    #[error(transparent)]
    Refused(#[from] RegistryError),
}

impl StoreError {
    /// Returns the error of a database that failed.
    pub fn database(source: impl Into<BoxError>) -> Self {
        Self::Database {
            source: source.into(),
        }
    }

    /// Returns a function that turns an I/O error into this error.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Returns the refusal of something that breaks a rule of the protocol.
    pub fn rejected(what: impl Into<String>) -> Self {
        RegistryError::Rejected { what: what.into() }.into()
    }

    /// Returns the registry port's form of this error.
    pub(crate) fn into_registry(self, operation: &'static str, location: &str) -> RegistryError {
        match self {
            Self::Refused(refusal) => refusal,
            other => RegistryError::Backend {
                operation,
                location: location.to_owned(),
                source: other.into(),
            },
        }
    }

    /// Returns the transfer port's form of this error.
    pub(crate) fn into_transfer(self, location: &str) -> TransferError {
        let place = location.to_owned();
        match self {
            Self::Corrupt => TransferError::Corrupt { place },
            // The I/O error itself is the source, so that a caller can tell a full disk.
            Self::Io { path, source, .. } => TransferError::Backend {
                place: path.display().to_string(),
                source: source.into(),
            },
            Self::Refused(refusal) => TransferError::Backend {
                place,
                source: refusal.into(),
            },
            other => TransferError::Backend {
                place,
                source: other.into(),
            },
        }
    }
}
