//! Manifests as rows, and merging them.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, ContentKey, InvalidValue};
use artifact_store::StoreError;
use artifact_store::metadata::{
    BaseConflict, ManifestFile, ManifestKey, ManifestRow, ManifestTable, ManifestTableMut,
    PartialConflict, RunKey, StoringMark, VersionKey,
};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;

/// Selects what [`manifest()`] reads.
macro_rules! select_manifest {
    ($condition:literal) => {
        concat!(
            "SELECT m.id, m.version_id, m.kind, m.base_version_id, b.key, m.digest, m.storing
             FROM manifest m LEFT JOIN blob b ON b.id = m.blob_id WHERE ",
            $condition
        )
    };
}

fn manifest(row: &Row<'_>) -> rusqlite::Result<ManifestRow> {
    Ok(ManifestRow {
        key: ManifestKey(row.get(0)?),
        version: VersionKey(row.get(1)?),
        kind: kind(row, 2)?,
        base: row.get::<_, Option<i64>>(3)?.map(VersionKey),
        file: row
            .get::<_, Option<[u8; 32]>>(4)?
            .zip(row.get(5)?)
            .map(|(key, digest)| (ContentKey::from_bytes(key), ContentDigest::Md5(digest))),
        storing: row.get::<_, Option<i64>>(6)?.map(StoringMark),
    })
}

fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<ManifestKind> {
    const KINDS: [ManifestKind; 3] = [
        ManifestKind::Full,
        ManifestKind::Patch,
        ManifestKind::Incremental,
    ];
    let name = row.get_ref(column)?.as_str()?;
    let known = KINDS.into_iter().find(|kind| kind.file_name() == name);
    known.ok_or_else(|| {
        let error = InvalidValue::new("kind of manifest", name, "it is not known");
        values::unreadable(column, error)
    })
}

/// The number of entries that one statement copies: SQLite keeps them all in memory.
const BATCH: u32 = 10_000;

/// Whether a later partial manifest of the same run has an entry at the same path as entry `$entry` of manifest
/// `$partial`. Two manifests without a run never have the same writer.
macro_rules! is_superseded {
    ($entry:literal, $partial:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM manifest later JOIN entry there
                       ON there.manifest_id = later.id AND there.path = ",
            $entry,
            ".path
                     WHERE later.version_id = ",
            $partial,
            ".version_id AND later.run_id = ",
            $partial,
            ".run_id
                       AND later.id > ",
            $partial,
            ".id AND later.blob_id IS NOT NULL)"
        )
    };
}

pub(super) use is_superseded;

/// The columns of an entry, except for its manifest and the version that it is a part of.
macro_rules! columns {
    () => {
        "path, digest, algorithm, size, blob_id, reference, extra, birth_version_id"
    };
}

impl ManifestTable for Rows<'_> {
    fn manifest(&self, key: ManifestKey) -> Result<Option<ManifestRow>, StoreError> {
        self.optional(select_manifest!("m.id = ?1"), params![key.0], manifest)
    }

    fn manifest_of(&self, version: VersionKey) -> Result<Option<ManifestRow>, StoreError> {
        self.optional(
            select_manifest!("m.version_id = ?1 AND m.kind = ?2"),
            params![version.0, ManifestKind::Full.file_name()],
            manifest,
        )
    }

    fn partial_manifests(&self, version: VersionKey) -> Result<Vec<ManifestRow>, StoreError> {
        self.all(
            select_manifest!("m.version_id = ?1 AND m.kind <> ?2 ORDER BY m.id"),
            params![version.0, ManifestKind::Full.file_name()],
            manifest,
        )
    }

    fn unmerged_content(
        &self,
        version: VersionKey,
        whole: ManifestKey,
    ) -> Result<Vec<ContentKey>, StoreError> {
        self.all(
            "SELECT DISTINCT b.key FROM manifest m
             JOIN entry e ON e.manifest_id = m.id
             JOIN blob b ON b.id = e.blob_id
             WHERE m.version_id = ?1 AND m.id <> ?2
               AND NOT EXISTS (SELECT 1 FROM entry w WHERE w.blob_id = e.blob_id AND w.manifest_id = ?2)",
            params![version.0, whole.0],
            |row| row.get(0).map(ContentKey::from_bytes),
        )
    }

    fn partial_conflict(
        &self,
        partial: ManifestKey,
    ) -> Result<Option<PartialConflict>, StoreError> {
        self.first_partial_conflict(partial)
    }

    fn base_conflict(
        &self,
        manifest: ManifestKey,
        base: ManifestKey,
    ) -> Result<Option<BaseConflict>, StoreError> {
        self.first_base_conflict(manifest, base)
    }
}

impl ManifestTableMut for Rows<'_> {
    fn insert_manifest(
        &mut self,
        version: VersionKey,
        kind: ManifestKind,
        base: Option<VersionKey>,
        run: Option<RunKey>,
    ) -> Result<ManifestKey, StoreError> {
        let key = self.insert(
            "INSERT INTO manifest (version_id, kind, base_version_id, run_id) VALUES (?1, ?2, ?3, ?4)",
            params![
                version.0,
                kind.file_name(),
                base.map(|base| base.0),
                run.map(|run| run.0)
            ],
        )?;
        Ok(ManifestKey(key))
    }

    fn set_manifest_file(
        &mut self,
        key: ManifestKey,
        file: Option<ManifestFile>,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE manifest SET digest = ?2, blob_id = ?3, storing = NULL WHERE id = ?1",
            params![
                key.0,
                file.map(|file| *file.digest.bytes()),
                file.map(|file| file.blob.0),
            ],
        )?;
        Ok(())
    }

    fn begin_storing(&mut self, key: ManifestKey) -> Result<StoringMark, StoreError> {
        self.one(
            "UPDATE manifest SET digest = NULL, blob_id = NULL, storing = random() WHERE id = ?1 RETURNING storing",
            params![key.0],
            |row| row.get(0).map(StoringMark),
        )
    }

    fn delete_own_conflicts(
        &mut self,
        partial: ManifestKey,
    ) -> Result<Vec<ContentKey>, StoreError> {
        self.delete_conflicts_of_run(partial)
    }

    fn merge_partial(
        &mut self,
        whole: ManifestKey,
        partial: ManifestKey,
    ) -> Result<(), StoreError> {
        self.copy(
            concat!(
                "INSERT INTO entry (manifest_id, ", columns!(), ")
                 SELECT ?1, mine.path, mine.digest, mine.algorithm, mine.size, mine.blob_id, mine.reference, mine.extra,
                        mine.birth_version_id
                 FROM entry mine JOIN manifest own ON own.id = mine.manifest_id
                 WHERE mine.manifest_id = ?2 AND mine.path > ?3 AND (?4 IS NULL OR mine.path <= ?4) AND NOT ",
                is_superseded!("mine", "own"),
                " ON CONFLICT DO UPDATE SET
                    digest = excluded.digest, algorithm = excluded.algorithm, size = excluded.size,
                    blob_id = excluded.blob_id, reference = excluded.reference, extra = excluded.extra,
                    birth_version_id = excluded.birth_version_id
                  WHERE (coalesce(excluded.reference, ''), coalesce(excluded.extra, ''), coalesce(excluded.size, -1),
                         coalesce(excluded.birth_version_id, 0), coalesce(excluded.blob_id, 0))
                      < (coalesce(reference, ''), coalesce(extra, ''), coalesce(size, -1),
                         coalesce(birth_version_id, 0), coalesce(blob_id, 0))"
            ),
            whole,
            partial,
        )
    }

    fn merge_base(&mut self, whole: ManifestKey, base: ManifestKey) -> Result<(), StoreError> {
        self.copy(
            concat!(
                "INSERT INTO entry (manifest_id, ",
                columns!(),
                ") SELECT ?1, ",
                columns!(),
                " FROM entry
                 WHERE manifest_id = ?2 AND path > ?3 AND (?4 IS NULL OR path <= ?4)
                 ON CONFLICT DO NOTHING"
            ),
            whole,
            base,
        )
    }

    fn delete_manifest(&mut self, key: ManifestKey) -> Result<(), StoreError> {
        self.execute("DELETE FROM manifest WHERE id = ?1", params![key.0])?;
        Ok(())
    }
}

impl Rows<'_> {
    /// Runs a statement for the entries of `from`, by the batch.
    fn copy(&self, sql: &str, to: ManifestKey, from: ManifestKey) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let up_to: Option<String> = self.optional(
                "SELECT path FROM entry WHERE manifest_id = ?1 AND path > ?2 ORDER BY path LIMIT 1 OFFSET ?3",
                params![from.0, after, BATCH - 1],
                |row| row.get(0),
            )?;
            self.execute(sql, params![to.0, from.0, after, up_to])?;
            match up_to {
                Some(path) => after = path,
                None => return Ok(()),
            }
        }
    }
}
