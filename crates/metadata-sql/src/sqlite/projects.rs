//! Entities and projects as rows.

use artifact_core::records::{Entity, Project};
use artifact_core::{EntityName, ProjectAddress, Timestamp};
use artifact_store::StoreError;
use artifact_store::metadata::{ProjectKey, ProjectTable, ProjectTableMut};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;

/// Selects what [`project`] reads, of projects `p` and their entities `e`.
macro_rules! select_projects {
    ($condition:literal) => {
        concat!(
            "SELECT p.id, e.name, p.name, p.description, p.created_at, p.updated_at
             FROM project p JOIN entity e ON e.id = p.entity_id WHERE ",
            $condition
        )
    };
}

fn project(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project {
        number: row.get(0)?,
        address: ProjectAddress {
            entity: values::text(row, 1)?,
            project: values::text(row, 2)?,
        },
        description: row.get(3)?,
        created_at: values::time(row, 4)?,
        updated_at: values::time(row, 5)?,
    })
}

impl ProjectTable for Rows<'_> {
    fn project(&self, address: &ProjectAddress) -> Result<Option<ProjectKey>, StoreError> {
        self.optional(
            "SELECT p.id FROM project p JOIN entity e ON e.id = p.entity_id WHERE e.name = ?1 AND p.name = ?2",
            params![address.entity.as_str(), address.project.as_str()],
            |row| row.get(0).map(ProjectKey),
        )
    }

    fn projects(
        &self,
        after: Option<&ProjectAddress>,
        limit: u32,
    ) -> Result<Vec<ProjectAddress>, StoreError> {
        // No name is empty, so the empty pair sorts before all.
        let (entity, project) = after.map_or(("", ""), |a| (a.entity.as_str(), a.project.as_str()));
        self.all(
            "SELECT e.name, p.name FROM entity e JOIN project p ON p.entity_id = e.id
             WHERE (e.name, p.name) > (?1, ?2) ORDER BY e.name, p.name LIMIT ?3",
            params![entity, project, limit],
            |row| {
                Ok(ProjectAddress {
                    entity: values::text(row, 0)?,
                    project: values::text(row, 1)?,
                })
            },
        )
    }

    fn project_record(&self, key: ProjectKey) -> Result<Project, StoreError> {
        self.one(select_projects!("p.id = ?1"), params![key.0], project)
    }

    fn projects_of(&self, entity: &EntityName) -> Result<Vec<Project>, StoreError> {
        self.all(
            select_projects!("e.name = ?1"),
            params![entity.as_str()],
            project,
        )
    }

    fn entity(&self, name: &EntityName) -> Result<Option<Entity>, StoreError> {
        self.optional(
            "SELECT id, is_personal, created_at FROM entity
             WHERE name = ?1 AND (EXISTS (SELECT 1 FROM account WHERE entity_id = entity.id)
                                  OR EXISTS (SELECT 1 FROM project WHERE entity_id = entity.id))",
            params![name.as_str()],
            |row| {
                Ok(Entity {
                    number: row.get(0)?,
                    name: name.clone(),
                    is_personal: row.get(1)?,
                    created_at: values::time(row, 2)?,
                })
            },
        )
    }
}

impl ProjectTableMut for Rows<'_> {
    fn ensure_project(
        &mut self,
        address: &ProjectAddress,
        now: Timestamp,
    ) -> Result<ProjectKey, StoreError> {
        if let Some(found) = self.project(address)? {
            return Ok(found);
        }
        self.ensure_entity(&address.entity, now)?;
        let key = self.insert(
            "INSERT INTO project (entity_id, name, created_at, updated_at)
             SELECT id, ?2, ?3, ?3 FROM entity WHERE name = ?1",
            params![
                address.entity.as_str(),
                address.project.as_str(),
                now.as_unix_millis()
            ],
        )?;
        Ok(ProjectKey(key))
    }

    fn ensure_entity(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO entity (name, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name.as_str(), now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn describe_project(&mut self, project: ProjectKey, text: &str) -> Result<(), StoreError> {
        self.execute(
            "UPDATE project SET description = ?2 WHERE id = ?1",
            params![project.0, text],
        )?;
        Ok(())
    }

    fn touch_project(&mut self, project: ProjectKey, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE project SET updated_at = max(updated_at, ?2) WHERE id = ?1",
            params![project.0, now.as_unix_millis()],
        )?;
        Ok(())
    }
}
