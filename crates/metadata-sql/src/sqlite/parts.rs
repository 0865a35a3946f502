//! Files that arrive in parts, as rows.

use artifact_core::ContentDigest;
use rusqlite::params;

use super::rows::Rows;
use super::{driver, values};
use artifact_store::StoreError;
use artifact_store::metadata::{ManifestKey, PartsKey, PartsRow, PartsTable, PartsTableMut};

impl PartsTable for Rows<'_> {
    fn parts_upload(&self, key: PartsKey) -> Result<Option<PartsRow>, StoreError> {
        self.optional(
            "SELECT manifest_id, path, digest, algorithm, size FROM parts_upload WHERE id = ?1",
            params![key.0],
            |row| {
                Ok(PartsRow {
                    manifest: ManifestKey(row.get(0)?),
                    path: values::text(row, 1)?,
                    digest: values::content_digest(row, 2, 3)?,
                    size: match row.get_ref(4)? {
                        rusqlite::types::ValueRef::Null => None,
                        _ => Some(values::count(row, 4)?),
                    },
                })
            },
        )
    }

    fn part_md5(&self, key: PartsKey, number: u32) -> Result<Option<ContentDigest>, StoreError> {
        self.optional(
            "SELECT md5 FROM part WHERE upload_id = ?1 AND number = ?2",
            params![key.0, number],
            |row| row.get(0).map(ContentDigest::Md5),
        )
    }

    fn part_md5s(&self, key: PartsKey) -> Result<Vec<ContentDigest>, StoreError> {
        self.all(
            "SELECT md5 FROM part WHERE upload_id = ?1 ORDER BY number",
            params![key.0],
            |row| row.get(0).map(ContentDigest::Md5),
        )
    }
}

impl PartsTableMut for Rows<'_> {
    fn insert_parts(
        &mut self,
        upload: &PartsRow,
        md5s: &[ContentDigest],
    ) -> Result<PartsKey, StoreError> {
        let key = self.insert(
            "INSERT INTO parts_upload (manifest_id, path, digest, algorithm, size) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                upload.manifest.0,
                upload.path.as_str(),
                upload.digest.bytes(),
                upload.digest.algorithm().as_str(),
                upload.size.map(values::to_column).transpose()?,
            ],
        )?;
        let mut insert =
            self.statement("INSERT INTO part (upload_id, number, md5) VALUES (?1, ?2, ?3)")?;
        for (number, md5) in (1_u32..).zip(md5s) {
            insert
                .execute(params![key, number, md5.bytes()])
                .map_err(driver)?;
        }
        Ok(PartsKey(key))
    }
}
