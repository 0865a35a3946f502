//! Collections as rows.

use artifact_core::ports::CollectionRecord;
use artifact_core::{Alias, ArtifactName, ArtifactType, ProjectAddress, Timestamp, VersionIndex};
use rusqlite::params;

use super::rows::Rows;
use super::values;
use crate::StoreError;
use crate::metadata::{
    CollectionKey, CollectionRow, CollectionTable, CollectionTableMut, ProjectKey,
};

impl CollectionTable for Rows<'_> {
    fn collection(
        &self,
        project: ProjectKey,
        name: &ArtifactName,
    ) -> Result<Option<CollectionRow>, StoreError> {
        self.optional(
            "SELECT c.id, t.name, EXISTS (SELECT 1 FROM version v WHERE v.collection_id = c.id)
             FROM collection c JOIN artifact_type t ON t.id = c.type_id
             WHERE c.project_id = ?1 AND c.name = ?2",
            params![project.0, name.as_str()],
            |row| {
                Ok(CollectionRow {
                    key: CollectionKey(row.get(0)?),
                    artifact_type: values::text(row, 1)?,
                    is_used: row.get(2)?,
                })
            },
        )
    }

    fn collections(
        &self,
        project: ProjectKey,
        after: Option<&ArtifactName>,
        limit: u32,
    ) -> Result<Vec<CollectionRecord>, StoreError> {
        self.all(
            "SELECT e.name, p.name, c.name, t.name, c.description,
                    (SELECT count(*) FROM version v WHERE v.collection_id = c.id AND v.state = 'COMMITTED'),
                    newest.idx, newest.size, c.created_at, c.updated_at
             FROM collection c
             JOIN project p ON p.id = c.project_id
             JOIN entity e ON e.id = p.entity_id
             JOIN artifact_type t ON t.id = c.type_id
             JOIN version newest ON newest.id = (
                SELECT v.id FROM version v WHERE v.collection_id = c.id AND v.state = 'COMMITTED'
                ORDER BY v.idx DESC LIMIT 1)
             WHERE c.project_id = ?1 AND c.name > ?2 ORDER BY c.name LIMIT ?3",
            params![project.0, after.map_or("", ArtifactName::as_str), limit],
            |row| {
                Ok(CollectionRecord {
                    project: ProjectAddress { entity: values::text(row, 0)?, project: values::text(row, 1)? },
                    name: values::text(row, 2)?,
                    artifact_type: values::text(row, 3)?,
                    description: row.get(4)?,
                    version_count: values::count(row, 5)?,
                    latest: Some(row.get::<_, u32>(6)?.into()),
                    latest_size: values::count(row, 7)?,
                    created_at: values::time(row, 8)?,
                    updated_at: values::time(row, 9)?,
                })
            },
        )
    }

    fn aliases(&self, collection: CollectionKey) -> Result<Vec<Alias>, StoreError> {
        self.all(
            "SELECT alias FROM alias WHERE collection_id = ?1 ORDER BY alias",
            params![collection.0],
            |row| values::text(row, 0),
        )
    }
}

impl CollectionTableMut for Rows<'_> {
    fn insert_collection(
        &mut self,
        project: ProjectKey,
        name: &ArtifactName,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<CollectionKey, StoreError> {
        let type_key = self.ensure_type(project, artifact_type)?;
        let key = self.insert(
            "INSERT INTO collection (project_id, name, type_id, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            params![project.0, name.as_str(), type_key, now.as_unix_millis()],
        )?;
        Ok(CollectionKey(key))
    }

    fn set_type(
        &mut self,
        collection: CollectionKey,
        artifact_type: &ArtifactType,
    ) -> Result<(), StoreError> {
        let project = self.one(
            "SELECT project_id FROM collection WHERE id = ?1",
            params![collection.0],
            |row| row.get(0).map(ProjectKey),
        )?;
        let type_key = self.ensure_type(project, artifact_type)?;
        self.execute(
            "UPDATE collection SET type_id = ?2 WHERE id = ?1",
            params![collection.0, type_key],
        )?;
        Ok(())
    }

    fn take_index(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<VersionIndex, StoreError> {
        self.one(
            "UPDATE collection SET next_index = next_index + 1, updated_at = ?2 WHERE id = ?1
             RETURNING next_index - 1",
            params![collection.0, now.as_unix_millis()],
            |row| row.get::<_, u32>(0).map(VersionIndex::from),
        )
    }
}

impl Rows<'_> {
    fn ensure_type(
        &self,
        project: ProjectKey,
        artifact_type: &ArtifactType,
    ) -> Result<i64, StoreError> {
        // An update without effect, so that the row is returned in either case.
        self.one(
            "INSERT INTO artifact_type (project_id, name) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET name = name RETURNING id",
            params![project.0, artifact_type.as_str()],
            |row| row.get(0),
        )
    }
}
