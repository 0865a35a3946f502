//! Entities and projects.

use artifact_core::{EntityName, ProjectAddress};
use serde_json::{Value, json};

use super::listing::{Listable, select, time_text};
use super::{ListQuery, Service, Slice};
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, Scope};
use artifact_core::records::{Entity, Project, ProjectChanges};

impl Listable for Project {
    fn document(&self) -> Value {
        json!({
            "name": self.address.project.as_str(),
            "entity": self.address.entity.as_str(),
            "entity_name": self.address.entity.as_str(),
            "description": self.description,
            "created_at": time_text(self.created_at),
            "updated_at": time_text(self.updated_at),
        })
    }

    fn number(&self) -> i64 {
        self.number
    }
}

impl Service {
    /// Finds an entity: an account's, or one that has a project.
    ///
    /// # Errors
    /// When the store fails.
    pub fn entity(&self, name: &EntityName) -> Result<Option<Entity>, StoreError> {
        self.core.metadata.reading(|rows| {
            if !self.may_see(rows, name)? {
                return Ok(None);
            }
            rows.entity(name)
        })
    }

    /// Finds a project.
    ///
    /// # Errors
    /// When the store fails.
    pub fn project(&self, address: &ProjectAddress) -> Result<Option<Project>, StoreError> {
        self.core.metadata.reading(|rows| {
            if !self.may_see(rows, &address.entity)? {
                return Ok(None);
            }
            let found = rows.project(address)?;
            found.map(|key| rows.project_record(key)).transpose()
        })
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
        let now = self.core.now();
        self.core
            .metadata
            .writing(&Scope::Project(address.clone()), |tx| {
                self.must_be_allowed(&*tx, &address.entity)?;
                let is_new = tx.project(address)?.is_none();
                let project = tx.ensure_project(address, now)?;
                if let Some(description) = &changes.description {
                    tx.describe_project(project, description)?;
                    tx.touch_project(project, now)?;
                }
                Ok((tx.project_record(project)?, is_new))
            })
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
        let projects = self.core.metadata.reading(|rows| {
            if !self.may_see(rows, entity)? {
                return Ok(Vec::new());
            }
            rows.projects_of(entity)
        })?;
        select(projects, query, "-created_at")
    }
}
