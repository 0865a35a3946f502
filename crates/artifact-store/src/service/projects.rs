//! Entities and projects.

use artifact_core::{EntityName, ProjectAddress, Timestamp};

use super::{ListQuery, Service, Slice};
use crate::StoreError;

/// A user or a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its row number: unique in the store.
    pub number: i64,
    /// Its name.
    pub name: EntityName,
    /// Whether it is the personal entity of an account.
    pub is_personal: bool,
    /// When it was first seen.
    pub created_at: Timestamp,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its row number: unique in the store.
    pub number: i64,
    /// Its address.
    pub address: ProjectAddress,
    /// Free text.
    pub description: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When something in it changed last.
    pub updated_at: Timestamp,
}

/// What to change of a project; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectChanges {
    /// The new description.
    pub description: Option<String>,
}

impl Service {
    /// Finds an entity: an account's, or one that has a project.
    ///
    /// # Errors
    /// When the store fails.
    pub fn entity(&self, name: &EntityName) -> Result<Option<Entity>, StoreError> {
        let _ = name;
        todo!()
    }

    /// Finds a project.
    ///
    /// # Errors
    /// When the store fails.
    pub fn project(&self, address: &ProjectAddress) -> Result<Option<Project>, StoreError> {
        let _ = address;
        todo!()
    }

    /// Creates a project, or changes it. Returns also whether it is new.
    ///
    /// # Errors
    /// When the caller may not, and when the store fails.
    pub fn upsert_project(
        &self,
        address: &ProjectAddress,
        changes: &ProjectChanges,
    ) -> Result<(Project, bool), StoreError> {
        let _ = (address, changes);
        todo!()
    }

    /// Lists the projects of an entity, the newest first unless the query says otherwise.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn projects(
        &self,
        entity: &EntityName,
        query: &ListQuery,
    ) -> Result<Slice<Project>, StoreError> {
        let _ = (entity, query);
        todo!()
    }
}
