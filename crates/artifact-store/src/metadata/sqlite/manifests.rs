//! Manifests as rows.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, ContentKey};
use rusqlite::{Row, params};

use super::rows::Rows;
use crate::StoreError;
use crate::metadata::{
    ManifestFile, ManifestKey, ManifestRow, ManifestTable, ManifestTableMut, VersionKey,
};

/// Selects what [`manifest()`] reads.
macro_rules! select_manifest {
    ($condition:literal) => {
        concat!(
            "SELECT m.id, m.version_id, m.base_version_id, b.key, m.digest
             FROM manifest m LEFT JOIN blob b ON b.id = m.blob_id WHERE ",
            $condition
        )
    };
}

fn manifest(row: &Row<'_>) -> rusqlite::Result<ManifestRow> {
    Ok(ManifestRow {
        key: ManifestKey(row.get(0)?),
        version: VersionKey(row.get(1)?),
        base: row.get::<_, Option<i64>>(2)?.map(VersionKey),
        file: row
            .get::<_, Option<[u8; 32]>>(3)?
            .zip(row.get(4)?)
            .map(|(key, digest)| (ContentKey::from_bytes(key), ContentDigest::Md5(digest))),
    })
}

impl ManifestTable for Rows<'_> {
    fn manifest(&self, key: ManifestKey) -> Result<Option<ManifestRow>, StoreError> {
        self.optional(select_manifest!("m.id = ?1"), params![key.0], manifest)
    }

    fn manifest_of(&self, version: VersionKey) -> Result<Option<ManifestRow>, StoreError> {
        self.optional(
            select_manifest!("m.version_id = ?1"),
            params![version.0],
            manifest,
        )
    }
}

impl ManifestTableMut for Rows<'_> {
    fn insert_manifest(
        &mut self,
        version: VersionKey,
        kind: ManifestKind,
        base: Option<VersionKey>,
    ) -> Result<ManifestKey, StoreError> {
        let key = self.insert(
            "INSERT INTO manifest (version_id, kind, base_version_id) VALUES (?1, ?2, ?3)",
            params![version.0, kind.file_name(), base.map(|base| base.0)],
        )?;
        Ok(ManifestKey(key))
    }

    fn set_manifest_file(
        &mut self,
        key: ManifestKey,
        file: Option<ManifestFile>,
    ) -> Result<(), StoreError> {
        self.execute(
            "UPDATE manifest SET digest = ?2, blob_id = ?3 WHERE id = ?1",
            params![
                key.0,
                file.map(|file| *file.digest.bytes()),
                file.map(|file| file.blob.0),
            ],
        )?;
        Ok(())
    }
}
