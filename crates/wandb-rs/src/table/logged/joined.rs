//! Two tables of a version side by side.

use artifact_core::LogicalPath;

use super::{LoggedObject, Version};
use crate::table::JoinedTable;
use crate::{Error, LoggedArtifact};

/// Two tables of a version side by side. They are joined where they are shown.
#[derive(Debug, Clone)]
pub struct LoggedJoinedTable {
    version: Version,
    path: LogicalPath,
    view: JoinedTable,
}

impl LoggedJoinedTable {
    pub(super) const fn new(version: Version, path: LogicalPath, view: JoinedTable) -> Self {
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

    /// Returns the joined tables and the key.
    #[must_use]
    pub const fn view(&self) -> &JoinedTable {
        &self.view
    }

    /// Finds the first table.
    ///
    /// # Errors
    /// As [`LoggedArtifact::get`].
    pub async fn first(&self) -> Result<LoggedObject, Error> {
        self.version.get(&self.view.tables()[0]).await
    }

    /// Finds the second table.
    ///
    /// # Errors
    /// As [`LoggedArtifact::get`].
    pub async fn second(&self) -> Result<LoggedObject, Error> {
        self.version.get(&self.view.tables()[1]).await
    }
}
