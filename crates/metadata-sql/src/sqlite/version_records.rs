//! Versions as listings read them.

use artifact_core::{ArtifactDigest, EntityName, Ttl};
use rusqlite::Row;

use super::collections::collection;
use super::values;
use super::versions::state;
use artifact_core::records::Version;
use artifact_store::metadata::{RunKey, VersionKey, artifact_id, run_storage_id};

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
