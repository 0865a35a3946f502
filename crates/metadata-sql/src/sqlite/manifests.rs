//! Manifests as rows.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, ContentKey, InvalidValue};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;
use artifact_store::StoreError;
use artifact_store::metadata::{
    BaseConflict, ManifestFile, ManifestKey, ManifestRow, ManifestTable, ManifestTableMut,
    PartialConflict, RunKey, StoringMark, VersionKey,
};

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

    fn partial_conflict(&self, share: ManifestKey) -> Result<Option<PartialConflict>, StoreError> {
        self.first_conflict(share)
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

    fn delete_own_conflicts(&mut self, share: ManifestKey) -> Result<Vec<ContentKey>, StoreError> {
        self.make_room(share)
    }

    fn merge_partial(&mut self, whole: ManifestKey, share: ManifestKey) -> Result<(), StoreError> {
        self.copy_share(whole, share)
    }

    fn merge_base(&mut self, whole: ManifestKey, base: ManifestKey) -> Result<(), StoreError> {
        self.copy_base(whole, base)
    }

    fn delete_manifest(&mut self, key: ManifestKey) -> Result<(), StoreError> {
        self.execute("DELETE FROM manifest WHERE id = ?1", params![key.0])?;
        Ok(())
    }
}
