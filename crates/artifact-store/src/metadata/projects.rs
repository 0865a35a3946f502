//! Entities and projects.

use artifact_core::records::{Entity, Project};
use artifact_core::{EntityName, ProjectAddress, Timestamp};

use super::ProjectKey;
use crate::StoreError;

/// Reads entities and projects.
pub trait ProjectTable {
    /// Finds a project.
    fn project(&self, address: &ProjectAddress) -> Result<Option<ProjectKey>, StoreError>;

    /// Lists the projects that sort after `after`, by entity and name.
    fn projects(
        &self,
        after: Option<&ProjectAddress>,
        limit: u32,
    ) -> Result<Vec<ProjectAddress>, StoreError>;

    /// Returns the record of a project, which must exist.
    fn project_record(&self, project: ProjectKey) -> Result<Project, StoreError>;

    /// Lists the projects of an entity, in no order.
    fn projects_of(&self, entity: &EntityName) -> Result<Vec<Project>, StoreError>;

    /// Finds an entity that has an account or a project.
    fn entity(&self, name: &EntityName) -> Result<Option<Entity>, StoreError>;
}

/// Changes entities and projects.
pub trait ProjectTableMut {
    /// Finds a project, or creates it and its entity.
    fn ensure_project(
        &mut self,
        address: &ProjectAddress,
        now: Timestamp,
    ) -> Result<ProjectKey, StoreError>;

    /// Adds an entity, unless it exists.
    fn ensure_entity(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError>;

    /// Sets the description of a project.
    fn describe_project(&mut self, project: ProjectKey, text: &str) -> Result<(), StoreError>;

    /// Records that something in a project changed; an earlier time than the recorded one is ignored.
    fn touch_project(&mut self, project: ProjectKey, now: Timestamp) -> Result<(), StoreError>;
}
