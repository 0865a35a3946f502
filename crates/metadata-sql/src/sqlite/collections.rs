//! Collections as rows.

use artifact_core::ports::CollectionRecord;
use artifact_core::records::{ArtifactTypeRecord, Collection, CollectionChanges, CollectionKind};
use artifact_core::{
    Alias, ArtifactName, ArtifactType, InvalidValue, ProjectAddress, Tag, Timestamp, VersionIndex,
};
use artifact_store::StoreError;
use artifact_store::metadata::{
    CollectionKey, CollectionRow, CollectionTable, CollectionTableMut, ProjectKey, collection_id,
};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;

/// The columns that [`collection()`] reads, of collection `c` with its type `t`, project `p` and entity `e`.
macro_rules! collection_columns {
    () => {
        "c.id, c.kind, e.name, p.name, c.name, t.name, c.description,
         (SELECT json_group_array(tag ORDER BY tag) FROM collection_tag WHERE collection_id = c.id),
         c.created_at, c.updated_at"
    };
}

/// The tables of [`collection_columns`].
macro_rules! collection_tables {
    () => {
        "collection c
         JOIN artifact_type t ON t.id = c.type_id
         JOIN project p ON p.id = c.project_id
         JOIN entity e ON e.id = p.entity_id"
    };
}

pub(super) use {collection_columns, collection_tables};

/// Reads the [`collection_columns`], which start at column `at`.
pub(super) fn collection(row: &Row<'_>, at: usize) -> rusqlite::Result<Collection> {
    let number = row.get(at)?;
    Ok(Collection {
        id: collection_id(CollectionKey(number)),
        number,
        kind: kind(row, at + 1)?,
        project: ProjectAddress {
            entity: values::text(row, at + 2)?,
            project: values::text(row, at + 3)?,
        },
        name: values::text(row, at + 4)?,
        artifact_type: values::text(row, at + 5)?,
        description: row.get(at + 6)?,
        tags: values::json(row, at + 7)?,
        created_at: values::time(row, at + 8)?,
        updated_at: values::time(row, at + 9)?,
    })
}

const SEQUENCE: &str = "SEQUENCE";
const PORTFOLIO: &str = "PORTFOLIO";

fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<CollectionKind> {
    match row.get_ref(column)?.as_str()? {
        SEQUENCE => Ok(CollectionKind::Sequence),
        PORTFOLIO => Ok(CollectionKind::Portfolio),
        other => {
            let error = InvalidValue::new("kind of collection", other, "it is not known");
            Err(values::unreadable(column, error))
        }
    }
}

const fn kind_name(kind: CollectionKind) -> &'static str {
    match kind {
        CollectionKind::Sequence => SEQUENCE,
        CollectionKind::Portfolio => PORTFOLIO,
    }
}

impl CollectionTable for Rows<'_> {
    fn collection(
        &self,
        project: ProjectKey,
        name: &ArtifactName,
    ) -> Result<Option<CollectionRow>, StoreError> {
        self.optional(
            "SELECT c.id, c.kind, t.name, c.kind = 'PORTFOLIO' OR EXISTS (SELECT 1 FROM version v WHERE v.collection_id = c.id)
             FROM collection c JOIN artifact_type t ON t.id = c.type_id
             WHERE c.project_id = ?1 AND c.name = ?2 AND c.deleted_at IS NULL",
            params![project.0, name.as_str()],
            |row| {
                Ok(CollectionRow {
                    key: CollectionKey(row.get(0)?),
                    kind: kind(row, 1)?,
                    artifact_type: values::text(row, 2)?,
                    is_used: row.get(3)?,
                })
            },
        )
    }

    fn collection_record(&self, key: CollectionKey) -> Result<Option<Collection>, StoreError> {
        self.optional(
            concat!(
                "SELECT ",
                collection_columns!(),
                " FROM ",
                collection_tables!(),
                " WHERE c.id = ?1 AND c.deleted_at IS NULL"
            ),
            params![key.0],
            |row| collection(row, 0),
        )
    }

    fn collection_records(
        &self,
        project: ProjectKey,
        artifact_type: Option<&ArtifactType>,
    ) -> Result<Vec<Collection>, StoreError> {
        self.all(
            concat!(
                "SELECT ", collection_columns!(), " FROM ", collection_tables!(),
                " WHERE c.project_id = ?1 AND c.deleted_at IS NULL AND (?2 IS NULL OR t.name = ?2)
                    AND (c.kind = 'PORTFOLIO' OR EXISTS (SELECT 1 FROM membership WHERE collection_id = c.id))"
            ),
            params![project.0, artifact_type.map(ArtifactType::as_str)],
            |row| collection(row, 0),
        )
    }

    fn artifact_types(&self, project: ProjectKey) -> Result<Vec<ArtifactTypeRecord>, StoreError> {
        self.all(
            "SELECT t.id, e.name, p.name, t.name, t.created_at
             FROM artifact_type t JOIN project p ON p.id = t.project_id JOIN entity e ON e.id = p.entity_id
             WHERE t.project_id = ?1 ORDER BY t.name",
            params![project.0],
            |row| {
                Ok(ArtifactTypeRecord {
                    number: row.get(0)?,
                    project: ProjectAddress {
                        entity: values::text(row, 1)?,
                        project: values::text(row, 2)?,
                    },
                    name: values::text(row, 3)?,
                    created_at: values::time(row, 4)?,
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
             WHERE c.project_id = ?1 AND c.name > ?2 AND c.kind = 'SEQUENCE' AND c.deleted_at IS NULL ORDER BY c.name LIMIT ?3",
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
        kind: CollectionKind,
        name: &ArtifactName,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<CollectionKey, StoreError> {
        let type_key = self.ensure_type(project, artifact_type, now)?;
        let key = self.insert(
            "INSERT INTO collection (project_id, kind, name, type_id, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![
                project.0,
                kind_name(kind),
                name.as_str(),
                type_key,
                now.as_unix_millis()
            ],
        )?;
        Ok(CollectionKey(key))
    }

    fn set_type(
        &mut self,
        collection: CollectionKey,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let project = self.one(
            "SELECT project_id FROM collection WHERE id = ?1",
            params![collection.0],
            |row| row.get(0).map(ProjectKey),
        )?;
        let type_key = self.ensure_type(project, artifact_type, now)?;
        self.execute(
            "UPDATE collection SET type_id = ?2, updated_at = ?3 WHERE id = ?1",
            params![collection.0, type_key, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn update_collection(
        &mut self,
        collection: CollectionKey,
        changes: &CollectionChanges,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE collection SET name = coalesce(?2, name), description = coalesce(?3, description), updated_at = ?4
             WHERE id = ?1",
            params![
                collection.0,
                changes.name.as_ref().map(ArtifactName::as_str),
                changes.description,
                now.as_unix_millis(),
            ],
        )?;
        self.execute(
            "UPDATE project SET updated_at = ?2 WHERE id = (SELECT project_id FROM collection WHERE id = ?1)",
            params![collection.0, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn put_collection_tag(
        &mut self,
        collection: CollectionKey,
        tag: &Tag,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO collection_tag (collection_id, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![collection.0, tag.as_str()],
        )?;
        Ok(())
    }

    fn delete_collection_tag(
        &mut self,
        collection: CollectionKey,
        tag: &Tag,
    ) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM collection_tag WHERE collection_id = ?1 AND tag = ?2",
            params![collection.0, tag.as_str()],
        )?;
        Ok(())
    }

    fn delete_collection(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE collection SET deleted_at = ?2, updated_at = ?2 WHERE id = ?1",
            params![collection.0, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn allocate_index(
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
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        // An update without effect, so that the row is returned in either case.
        self.one(
            "INSERT INTO artifact_type (project_id, name, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET name = name RETURNING id",
            params![project.0, artifact_type.as_str(), now.as_unix_millis()],
            |row| row.get(0),
        )
    }
}
