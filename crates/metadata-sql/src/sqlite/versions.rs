//! Versions, aliases and tags as rows.

use artifact_core::ports::ArtifactRecord;
use artifact_core::records::{ArtifactState, Version};
use artifact_core::{
    Alias, ArtifactDigest, ContentKey, DigestAlgorithm, EntityName, InvalidValue, Metadata,
    ProjectAddress, Tag, Timestamp, Ttl, VersionIndex,
};
use artifact_store::StoreError;
use artifact_store::metadata::{
    Abandoned, CollectionKey, NewVersion, RunKey, VersionKey, VersionRow, VersionTable,
    VersionTableMut, artifact_id, run_storage_id,
};
use rusqlite::{Row, params};

use super::collections::collection;
use super::rows::Rows;
use super::values;

/// The version that id `?1` means.
macro_rules! meant {
    () => {
        "coalesce((SELECT version_id FROM merged_version WHERE id = ?1), ?1)"
    };
}

/// Selects what [`record`] reads, of versions `v`.
macro_rules! select_records {
    ($($condition:expr),+) => {
        concat!(
            "SELECT v.id, e.name, p.name, c.name, v.idx, t.name, v.digest, v.algorithm, v.description, v.metadata,
                    v.ttl,
                    (SELECT json_group_array(alias ORDER BY alias) FROM alias
                     WHERE collection_id = v.collection_id AND version_id = v.id),
                    (SELECT json_group_array(tag ORDER BY tag) FROM tag WHERE version_id = v.id),
                    v.size, v.file_count, v.created_at, v.updated_at
             FROM version v
             JOIN collection c ON c.id = v.collection_id
             JOIN artifact_type t ON t.id = c.type_id
             JOIN project p ON p.id = c.project_id
             JOIN entity e ON e.id = p.entity_id
             WHERE v.state = 'COMMITTED' AND ",
            $($condition),+
        )
    };
}

/// Whether a pending version was last changed before `?1`, or before `?2` where several write it.
macro_rules! is_abandoned {
    () => {
        "updated_at < iif(distributed_id IS NULL, ?1, ?2)"
    };
}

fn times(abandoned: &Abandoned) -> [i64; 2] {
    [abandoned.single, abandoned.distributed].map(Timestamp::as_unix_millis)
}

fn record(row: &Row<'_>) -> rusqlite::Result<ArtifactRecord> {
    Ok(ArtifactRecord {
        id: artifact_id(VersionKey(row.get(0)?)),
        project: ProjectAddress {
            entity: values::text(row, 1)?,
            project: values::text(row, 2)?,
        },
        name: values::text(row, 3)?,
        version: row.get::<_, u32>(4)?.into(),
        artifact_type: values::text(row, 5)?,
        digest: ArtifactDigest::from_bytes(row.get(6)?),
        algorithm: values::algorithm(row, 7)?,
        description: row.get(8)?,
        metadata: values::json(row, 9)?,
        ttl: Ttl::from_wire(row.get(10)?).map_err(|error| values::unreadable(10, error))?,
        aliases: values::json(row, 11)?,
        tags: values::json(row, 12)?,
        size: values::count(row, 13)?,
        file_count: values::count(row, 14)?,
        created_at: values::time(row, 15)?,
        updated_at: values::time(row, 16)?,
    })
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<ArtifactState> {
    match row.get_ref(column)?.as_str()? {
        "PENDING" => Ok(ArtifactState::Pending),
        "COMMITTED" => Ok(ArtifactState::Committed),
        "DELETED" => Ok(ArtifactState::Deleted),
        other => {
            let error = InvalidValue::new("state", other, "it is not known");
            Err(values::unreadable(column, error))
        }
    }
}

/// Selects the columns `$before` and then what [`version_at`] reads, of versions `v`; `$rest` follows the tables.
macro_rules! select_versions {
    ($before:literal, $rest:literal) => {
        concat!(
            "SELECT ", $before, "
                    v.id, v.idx, v.state, v.digest, v.algorithm, v.description, v.metadata, v.ttl,
                    (SELECT json_group_array(tag ORDER BY tag) FROM tag WHERE version_id = v.id),
                    v.history_step, v.size, v.file_count,
                    (SELECT r.id FROM output o JOIN run r ON r.id = o.run_id
                     WHERE o.version_id = v.id AND r.deleted_at IS NULL ORDER BY o.id LIMIT 1),
                    v.created_by, v.created_at, v.updated_at, ",
            $crate::sqlite::collections::collection_columns!(),
            " FROM ",
            $crate::sqlite::collections::collection_tables!(),
            " JOIN version v ON v.collection_id = c.id ",
            $rest
        )
    };
}

pub(super) use select_versions;

/// Reads what [`select_versions`] selects, which starts at column `at`.
pub(super) fn version_at(row: &Row<'_>, at: usize) -> rusqlite::Result<Version> {
    let number = row.get(at)?;
    let sequence = collection(row, at + 16)?;
    let created_by: Option<String> = row.get(at + 13)?;
    let created_by = created_by.map(EntityName::try_from).transpose();
    let steps: Option<i64> = row.get(at + 9)?;
    Ok(Version {
        id: artifact_id(VersionKey(number)),
        number,
        index: row.get::<_, Option<u32>>(at + 1)?.map(Into::into),
        artifact_type: sequence.artifact_type.clone(),
        sequence,
        state: state(row, at + 2)?,
        digest: ArtifactDigest::from_bytes(row.get(at + 3)?),
        algorithm: values::algorithm(row, at + 4)?,
        description: row.get(at + 5)?,
        metadata: values::json(row, at + 6)?,
        ttl: Ttl::from_wire(row.get(at + 7)?).map_err(|error| values::unreadable(at + 7, error))?,
        tags: values::json(row, at + 8)?,
        history_step: steps.and_then(|step| u64::try_from(step).ok()),
        size: values::count(row, at + 10)?,
        file_count: values::count(row, at + 11)?,
        run: row
            .get::<_, Option<i64>>(at + 12)?
            .map(|run| run_storage_id(RunKey(run))),
        created_by: created_by.map_err(|error| values::unreadable(at + 13, error))?,
        created_at: values::time(row, at + 14)?,
        updated_at: values::time(row, at + 15)?,
    })
}

impl VersionTable for Rows<'_> {
    fn version(&self, key: VersionKey) -> Result<Option<VersionRow>, StoreError> {
        self.optional(
            concat!(
                "SELECT id, collection_id, state, digest, algorithm, wanted_aliases,
                        (SELECT json_group_array(tag ORDER BY tag) FROM tag WHERE version_id = version.id),
                        deduplicates, distributed_id IS NOT NULL, updated_at
                 FROM version WHERE id = ",
                meant!()
            ),
            params![key.0],
            |row| {
                Ok(VersionRow {
                    key: VersionKey(row.get(0)?),
                    collection: CollectionKey(row.get(1)?),
                    state: state(row, 2)?,
                    digest: ArtifactDigest::from_bytes(row.get(3)?),
                    algorithm: values::algorithm(row, 4)?,
                    wanted_aliases: values::json(row, 5)?,
                    tags: values::json(row, 6)?,
                    deduplicates: row.get(7)?,
                    is_distributed: row.get(8)?,
                    updated_at: values::time(row, 9)?,
                })
            },
        )
    }

    fn version_record(&self, key: VersionKey) -> Result<Option<Version>, StoreError> {
        self.optional(
            select_versions!(
                "",
                "WHERE v.id = coalesce((SELECT version_id FROM merged_version WHERE id = ?1), ?1)"
            ),
            params![key.0],
            |row| version_at(row, 0),
        )
    }

    fn committed_record(&self, key: VersionKey) -> Result<Option<ArtifactRecord>, StoreError> {
        self.optional(select_records!("v.id = ", meant!()), params![key.0], record)
    }

    fn version_at(
        &self,
        collection: CollectionKey,
        index: VersionIndex,
    ) -> Result<Option<VersionKey>, StoreError> {
        self.optional(
            "SELECT version_id FROM membership WHERE collection_id = ?1 AND idx = ?2",
            params![collection.0, index.get()],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn version_with_alias(
        &self,
        collection: CollectionKey,
        alias: &Alias,
    ) -> Result<Option<VersionKey>, StoreError> {
        self.optional(
            "SELECT version_id FROM alias WHERE collection_id = ?1 AND alias = ?2",
            params![collection.0, alias.as_str()],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn version_with_digest(
        &self,
        collection: CollectionKey,
        digest: &ArtifactDigest,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<VersionKey>, StoreError> {
        self.optional(
            "SELECT id FROM version
             WHERE collection_id = ?1 AND digest = ?2 AND algorithm = ?3 AND state = 'COMMITTED'
             ORDER BY idx DESC LIMIT 1",
            params![collection.0, digest.as_bytes(), algorithm.as_str()],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn distributed_version(
        &self,
        collection: CollectionKey,
        distributed_id: &str,
    ) -> Result<Option<VersionKey>, StoreError> {
        self.optional(
            "SELECT id FROM version WHERE collection_id = ?1 AND distributed_id = ?2 AND state = 'PENDING'",
            params![collection.0, distributed_id],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn pending_versions(&self, collection: CollectionKey) -> Result<Vec<VersionKey>, StoreError> {
        self.all(
            "SELECT id FROM version WHERE collection_id = ?1 AND state = 'PENDING'",
            params![collection.0],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn abandoned_content(&self, abandoned: &Abandoned) -> Result<Vec<ContentKey>, StoreError> {
        self.all(
            concat!(
                "WITH abandoned AS (
                    SELECT m.id, m.blob_id FROM version v JOIN manifest m ON m.version_id = v.id
                    WHERE v.state = 'PENDING' AND v.is_remote AND ",
                is_abandoned!(),
                ") SELECT key FROM blob WHERE id IN (
                    SELECT blob_id FROM abandoned
                    UNION SELECT e.blob_id FROM abandoned a JOIN entry e ON e.manifest_id = a.id)"
            ),
            times(abandoned),
            |row| row.get(0).map(ContentKey::from_bytes),
        )
    }

    fn expired_versions(&self, now: Timestamp) -> Result<Vec<VersionKey>, StoreError> {
        // Divided, because a long TTL in milliseconds may be more than a number holds.
        self.all(
            "SELECT id FROM version
             WHERE state = 'COMMITTED' AND 0 < ttl AND ttl <= (?1 - created_at) / 1000
               AND NOT EXISTS (SELECT 1 FROM membership m
                               WHERE m.version_id = version.id AND m.collection_id <> version.collection_id)
             ORDER BY id",
            params![now.as_unix_millis()],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn newest_version(&self, collection: CollectionKey) -> Result<Option<VersionKey>, StoreError> {
        self.optional(
            "SELECT version_id FROM membership WHERE collection_id = ?1 ORDER BY idx DESC LIMIT 1",
            params![collection.0],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn committed_records(
        &self,
        collection: CollectionKey,
        before: Option<VersionIndex>,
        limit: u32,
    ) -> Result<Vec<ArtifactRecord>, StoreError> {
        let before = before.map_or(i64::MAX, |index| index.get().into());
        self.all(
            select_records!("v.collection_id = ?1 AND v.idx < ?2 ORDER BY v.idx DESC LIMIT ?3"),
            params![collection.0, before, limit],
            record,
        )
    }
}

impl VersionTableMut for Rows<'_> {
    fn insert_version(&mut self, version: &NewVersion<'_>) -> Result<VersionKey, StoreError> {
        let key = self.insert(
            "INSERT INTO version (collection_id, state, digest, algorithm, description, metadata, ttl, run_id,
                                  wanted_aliases, created_at, updated_at, history_step, distributed_id, deduplicates,
                                  is_remote, created_by)
             VALUES (?1, 'PENDING', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                version.collection.0,
                version.digest.as_bytes(),
                version.algorithm.as_str(),
                version.description,
                values::to_json(version.metadata)?,
                version.ttl.to_wire(),
                version.run.map(|run| run.0),
                values::to_json(&version.wanted_aliases)?,
                version.now.as_unix_millis(),
                version.history_step.map(values::to_column).transpose()?,
                version.distributed_id,
                version.deduplicates,
                version.outlives_process,
                version.created_by.map(EntityName::as_str),
            ],
        )?;
        let key = VersionKey(key);
        for tag in version.tags {
            self.put_tag(key, tag)?;
        }
        Ok(key)
    }

    fn set_committed(
        &mut self,
        key: VersionKey,
        index: VersionIndex,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE version SET state = 'COMMITTED', idx = ?2, wanted_aliases = '[]', updated_at = ?3 WHERE id = ?1",
            params![key.0, index.get(), now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn merge_version(&mut self, pending: VersionKey, into: VersionKey) -> Result<(), StoreError> {
        self.hand_over(pending, into)?;
        self.delete_version(pending)
    }

    fn set_deleted(&mut self, key: VersionKey, now: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "UPDATE version SET state = 'DELETED', updated_at = ?2 WHERE id = ?1",
            params![key.0, now.as_unix_millis()],
        )?;
        for statement in [
            "DELETE FROM alias WHERE version_id = ?1",
            "DELETE FROM membership WHERE version_id = ?1",
            "DELETE FROM manifest WHERE version_id = ?1",
        ] {
            self.execute(statement, params![key.0])?;
        }
        Ok(())
    }

    fn set_wanted_aliases(&mut self, key: VersionKey, aliases: &[Alias]) -> Result<(), StoreError> {
        self.execute(
            "UPDATE version SET wanted_aliases = ?2 WHERE id = ?1",
            params![key.0, values::to_json(&aliases)?],
        )?;
        Ok(())
    }

    fn set_digest(&mut self, key: VersionKey, digest: &ArtifactDigest) -> Result<(), StoreError> {
        self.execute(
            "UPDATE version SET digest = ?2 WHERE id = ?1",
            params![key.0, digest.as_bytes()],
        )?;
        Ok(())
    }

    fn set_totals(
        &mut self,
        key: VersionKey,
        size: u64,
        file_count: u64,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE version SET size = ?2, file_count = ?3 WHERE id = ?1",
            params![
                key.0,
                values::to_column(size)?,
                values::to_column(file_count)?
            ],
        )?;
        Ok(())
    }

    fn update_version(
        &mut self,
        key: VersionKey,
        description: Option<&str>,
        metadata: Option<&Metadata>,
        ttl: Option<Ttl>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE version SET description = coalesce(?2, description), metadata = coalesce(?3, metadata),
                                ttl = coalesce(?4, ttl), updated_at = ?5
             WHERE id = ?1",
            params![
                key.0,
                description,
                metadata.map(values::to_json).transpose()?,
                ttl.map(Ttl::to_wire),
                now.as_unix_millis(),
            ],
        )?;
        Ok(())
    }

    fn delete_version(&mut self, key: VersionKey) -> Result<(), StoreError> {
        self.execute("DELETE FROM version WHERE id = ?1", params![key.0])?;
        Ok(())
    }

    fn delete_pending_versions(&mut self, abandoned: &Abandoned) -> Result<usize, StoreError> {
        self.execute(
            concat!(
                "DELETE FROM version WHERE state = 'PENDING' AND (NOT is_remote OR ",
                is_abandoned!(),
                ")"
            ),
            times(abandoned),
        )
    }

    fn move_alias(
        &mut self,
        collection: CollectionKey,
        alias: &Alias,
        to: VersionKey,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO alias (collection_id, alias, version_id) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET version_id = excluded.version_id",
            params![collection.0, alias.as_str(), to.0],
        )?;
        Ok(())
    }

    fn delete_alias(
        &mut self,
        collection: CollectionKey,
        alias: &Alias,
        from: VersionKey,
    ) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM alias WHERE collection_id = ?1 AND alias = ?2 AND version_id = ?3",
            params![collection.0, alias.as_str(), from.0],
        )?;
        Ok(())
    }

    fn put_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO tag (version_id, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![version.0, tag.as_str()],
        )?;
        Ok(())
    }

    fn delete_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM tag WHERE version_id = ?1 AND tag = ?2",
            params![version.0, tag.as_str()],
        )?;
        Ok(())
    }
}
