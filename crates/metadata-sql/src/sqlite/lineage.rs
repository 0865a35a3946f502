//! Lineage and clients' ids as rows.

use artifact_core::{EntityName, Timestamp};
use artifact_store::StoreError;
use artifact_store::metadata::{
    ClientObject, LineageTable, LineageTableMut, RelatedVersion, Relation, RunKey, VersionKey,
};
use rusqlite::params;

use super::rows::Rows;
use super::values;
use super::versions::{select_versions, version_at};

/// Counts the committed versions in a table of relations.
macro_rules! count_by_entity {
    ($table:literal) => {
        concat!(
            "SELECT e.name, count(*) FROM ",
            $table,
            " o JOIN version v ON v.id = o.version_id
             JOIN collection c ON c.id = v.collection_id
             JOIN project p ON p.id = c.project_id
             JOIN entity e ON e.id = p.entity_id
             WHERE o.run_id = ?1 AND v.state = 'COMMITTED' GROUP BY e.id"
        )
    };
}

impl LineageTable for Rows<'_> {
    fn related_versions(
        &self,
        run: RunKey,
        relation: Relation,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RelatedVersion>, StoreError> {
        let select = match relation {
            Relation::Logs => select_versions!(
                "o.id,",
                "JOIN output o ON o.version_id = v.id
                 WHERE o.run_id = ?1 AND o.id > ?2 AND v.state = 'COMMITTED' ORDER BY o.id LIMIT ?3"
            ),
            Relation::Uses => select_versions!(
                "u.id,",
                "JOIN usage u ON u.version_id = v.id
                 WHERE u.run_id = ?1 AND u.id > ?2 AND v.state = 'COMMITTED' ORDER BY u.id LIMIT ?3"
            ),
        };
        self.all(select, params![run.0, after, limit], |row| {
            Ok(RelatedVersion {
                position: row.get(0)?,
                version: version_at(row, 1)?,
            })
        })
    }

    fn logged_by(&self, version: VersionKey) -> Result<Option<RunKey>, StoreError> {
        self.optional(
            "SELECT r.id FROM output o JOIN run r ON r.id = o.run_id
             WHERE o.version_id = ?1 AND r.deleted_at IS NULL ORDER BY o.id LIMIT 1",
            params![version.0],
            |row| row.get(0).map(RunKey),
        )
    }

    fn used_by(&self, version: VersionKey) -> Result<Vec<RunKey>, StoreError> {
        self.all(
            "SELECT r.id FROM usage u JOIN run r ON r.id = u.run_id
             WHERE u.version_id = ?1 AND r.deleted_at IS NULL ORDER BY u.id",
            params![version.0],
            |row| row.get(0).map(RunKey),
        )
    }

    fn versions_first_logged_by(&self, run: RunKey) -> Result<Vec<VersionKey>, StoreError> {
        self.all(
            "SELECT v.id FROM output o JOIN version v ON v.id = o.version_id
             WHERE o.run_id = ?1 AND v.state = 'COMMITTED' AND NOT EXISTS (
                SELECT 1 FROM output earlier JOIN run r ON r.id = earlier.run_id
                WHERE earlier.version_id = v.id AND earlier.id < o.id AND r.deleted_at IS NULL)",
            params![run.0],
            |row| row.get(0).map(VersionKey),
        )
    }

    fn count_related(
        &self,
        run: RunKey,
        relation: Relation,
    ) -> Result<Vec<(EntityName, u64)>, StoreError> {
        let select = match relation {
            Relation::Logs => count_by_entity!("output"),
            Relation::Uses => count_by_entity!("usage"),
        };
        self.all(select, params![run.0], |row| {
            Ok((values::text(row, 0)?, values::count(row, 1)?))
        })
    }

    fn version_of_client_id(&self, client_id: &str) -> Result<Option<VersionKey>, StoreError> {
        let found: Option<Option<i64>> = self.optional(
            "SELECT coalesce(
                version_id,
                (SELECT id FROM version WHERE collection_id = client_id.collection_id AND state = 'COMMITTED'
                 ORDER BY idx DESC LIMIT 1),
                (SELECT max(id) FROM version WHERE collection_id = client_id.collection_id AND state = 'PENDING'))
             FROM client_id WHERE client_id = ?1",
            params![client_id],
            |row| row.get(0),
        )?;
        Ok(found.flatten().map(VersionKey))
    }
}

impl LineageTableMut for Rows<'_> {
    fn put_output(&mut self, run: RunKey, version: VersionKey) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO output (run_id, version_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![run.0, version.0],
        )?;
        Ok(())
    }

    fn put_usage(
        &mut self,
        run: RunKey,
        version: VersionKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO usage (version_id, run_id, first_used_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![version.0, run.0, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn put_client_id(&mut self, client_id: &str, object: ClientObject) -> Result<(), StoreError> {
        let (version, collection) = match object {
            ClientObject::Version(key) => (Some(key.0), None),
            ClientObject::Sequence(key) => (None, Some(key.0)),
        };
        self.execute(
            "INSERT OR REPLACE INTO client_id (client_id, version_id, collection_id) VALUES (?1, ?2, ?3)",
            params![client_id, version, collection],
        )?;
        Ok(())
    }
}

impl Rows<'_> {
    /// Makes what refers to a pending version refer to another one.
    pub(super) fn hand_over(
        &self,
        pending: VersionKey,
        into: VersionKey,
    ) -> Result<(), StoreError> {
        let keys = params![pending.0, into.0];
        self.execute(
            "INSERT INTO output (run_id, version_id) SELECT run_id, ?2 FROM output WHERE version_id = ?1 ORDER BY id
             ON CONFLICT DO NOTHING",
            keys,
        )?;
        self.execute(
            "UPDATE client_id SET version_id = ?2 WHERE version_id = ?1",
            keys,
        )?;
        self.execute(
            "INSERT INTO merged_version (id, version_id) VALUES (?1, ?2)",
            keys,
        )?;
        Ok(())
    }
}
