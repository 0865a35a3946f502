//! Memberships as rows.

use artifact_core::records::Version;
use artifact_core::{Alias, ArtifactDigest, Timestamp, VersionIndex};
use artifact_store::StoreError;
use artifact_store::metadata::{
    CollectionKey, Member, MembershipRow, MembershipTable, MembershipTableMut, VersionKey,
};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;
use super::versions::{select_versions, version_at};

fn membership(row: &Row<'_>) -> rusqlite::Result<MembershipRow> {
    Ok(MembershipRow {
        number: row.get(0)?,
        version: VersionKey(row.get(1)?),
        collection: CollectionKey(row.get(2)?),
        index: row.get::<_, u32>(3)?.into(),
        created_at: values::time(row, 4)?,
    })
}

impl MembershipTable for Rows<'_> {
    fn membership(
        &self,
        version: VersionKey,
        collection: CollectionKey,
    ) -> Result<Option<MembershipRow>, StoreError> {
        self.optional(
            "SELECT id, version_id, collection_id, idx, created_at FROM membership
             WHERE version_id = ?1 AND collection_id = ?2",
            params![version.0, collection.0],
            membership,
        )
    }

    fn memberships_of(&self, version: VersionKey) -> Result<Vec<MembershipRow>, StoreError> {
        self.all(
            "SELECT m.id, m.version_id, m.collection_id, m.idx, m.created_at
             FROM membership m JOIN version v ON v.id = m.version_id
             WHERE m.version_id = ?1 ORDER BY m.collection_id <> v.collection_id, m.id",
            params![version.0],
            membership,
        )
    }

    fn members(&self, collection: CollectionKey, in_full: bool) -> Result<Vec<Member>, StoreError> {
        self.all(
            "SELECT v.id, e.name, m.idx, v.digest, v.description, v.size, v.file_count, v.created_at, v.updated_at,
                    iif(?2, v.metadata, '{}'),
                    iif(?2, (SELECT json_group_array(tag ORDER BY tag) FROM tag WHERE version_id = v.id), '[]'),
                    iif(?2, (SELECT json_group_array(alias ORDER BY alias) FROM alias
                             WHERE collection_id = m.collection_id AND version_id = v.id), '[]')
             FROM membership m
             JOIN version v ON v.id = m.version_id
             JOIN collection c ON c.id = v.collection_id
             JOIN project p ON p.id = c.project_id
             JOIN entity e ON e.id = p.entity_id
             WHERE m.collection_id = ?1",
            params![collection.0, in_full],
            |row| {
                Ok(Member {
                    version: VersionKey(row.get(0)?),
                    entity: values::text(row, 1)?,
                    index: row.get::<_, u32>(2)?.into(),
                    digest: ArtifactDigest::from_bytes(row.get(3)?),
                    description: row.get(4)?,
                    size: values::count(row, 5)?,
                    file_count: values::count(row, 6)?,
                    created_at: values::time(row, 7)?,
                    updated_at: values::time(row, 8)?,
                    metadata: values::json(row, 9)?,
                    tags: values::json(row, 10)?,
                    aliases: values::json(row, 11)?,
                })
            },
        )
    }

    fn members_before(
        &self,
        collection: CollectionKey,
        before: Option<VersionIndex>,
        limit: u32,
    ) -> Result<Vec<(VersionIndex, Version)>, StoreError> {
        let before = before.map_or(i64::MAX, |index| index.get().into());
        self.all(
            select_versions!(
                "m.idx,",
                "JOIN membership m ON m.version_id = v.id
                 WHERE m.collection_id = ?1 AND m.idx < ?2 ORDER BY m.idx DESC LIMIT ?3"
            ),
            params![collection.0, before, limit],
            |row| Ok((row.get::<_, u32>(0)?.into(), version_at(row, 1)?)),
        )
    }

    fn member_count(&self, collection: CollectionKey) -> Result<u64, StoreError> {
        self.one(
            "SELECT count(*) FROM membership WHERE collection_id = ?1",
            params![collection.0],
            |row| values::count(row, 0),
        )
    }

    fn member_keys(&self, collection: CollectionKey) -> Result<Vec<VersionKey>, StoreError> {
        self.all(
            "SELECT version_id FROM membership WHERE collection_id = ?1 ORDER BY idx",
            params![collection.0],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn aliases_of_versions(
        &self,
        versions: &[VersionKey],
    ) -> Result<Vec<(VersionKey, CollectionKey, Alias)>, StoreError> {
        let keys: Vec<i64> = versions.iter().map(|version| version.0).collect();
        self.all(
            "SELECT a.version_id, a.collection_id, a.alias
             FROM json_each(?1) wanted JOIN alias a ON a.version_id = wanted.value
             ORDER BY a.alias, a.collection_id",
            params![values::to_json(&keys)?],
            |row| {
                Ok((
                    VersionKey(row.get(0)?),
                    CollectionKey(row.get(1)?),
                    values::text(row, 2)?,
                ))
            },
        )
    }

    fn aliases_of_version(
        &self,
        version: VersionKey,
    ) -> Result<Vec<(CollectionKey, Alias)>, StoreError> {
        self.all(
            "SELECT collection_id, alias FROM alias WHERE version_id = ?1 ORDER BY alias, collection_id",
            params![version.0],
            |row| Ok((CollectionKey(row.get(0)?), values::text(row, 1)?)),
        )
    }
}

impl MembershipTableMut for Rows<'_> {
    fn put_membership(
        &mut self,
        version: VersionKey,
        collection: CollectionKey,
        index: VersionIndex,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO membership (version_id, collection_id, idx, created_at) VALUES (?1, ?2, ?3, ?4)",
            params![version.0, collection.0, index.get(), now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn delete_membership(
        &mut self,
        version: VersionKey,
        collection: CollectionKey,
    ) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM alias WHERE version_id = ?1 AND collection_id = ?2",
            params![version.0, collection.0],
        )?;
        self.execute(
            "DELETE FROM membership WHERE version_id = ?1 AND collection_id = ?2",
            params![version.0, collection.0],
        )?;
        Ok(())
    }
}
