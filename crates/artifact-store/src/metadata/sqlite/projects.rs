//! Entities and projects as rows.

use artifact_core::{ProjectAddress, Timestamp};
use rusqlite::params;

use super::rows::Rows;
use super::values;
use crate::StoreError;
use crate::metadata::{ProjectKey, ProjectTable, ProjectTableMut};

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
        let now = now.as_unix_millis();
        self.execute(
            "INSERT INTO entity (name, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![address.entity.as_str(), now],
        )?;
        let key = self.insert(
            "INSERT INTO project (entity_id, name, created_at)
             SELECT id, ?2, ?3 FROM entity WHERE name = ?1",
            params![address.entity.as_str(), address.project.as_str(), now],
        )?;
        Ok(ProjectKey(key))
    }
}
