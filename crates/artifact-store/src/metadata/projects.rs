//! Entities and projects.

use artifact_core::{ProjectAddress, Timestamp};

use super::ProjectKey;
use crate::StoreError;

/// What can be asked of projects.
pub(crate) trait ProjectTable {
    /// Finds a project.
    fn project(&self, address: &ProjectAddress) -> Result<Option<ProjectKey>, StoreError>;

    /// Lists the projects that sort after `after`, by entity and name.
    fn projects(
        &self,
        after: Option<&ProjectAddress>,
        limit: u32,
    ) -> Result<Vec<ProjectAddress>, StoreError>;
}

/// What can be done to projects.
pub(crate) trait ProjectTableMut {
    /// Finds a project, or creates it.
    fn ensure_project(
        &mut self,
        address: &ProjectAddress,
        now: Timestamp,
    ) -> Result<ProjectKey, StoreError>;
}
