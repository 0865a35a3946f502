//! Blobs and uploads in parts as rows.

use artifact_core::{ContentDigest, ContentKey};
use artifact_store::StoreError;
use artifact_store::metadata::{
    BlobKey, BlobRow, BlobTable, BlobTableMut, BlobUse, ManifestKey, PartsKey, PartsRow,
    PartsTable, PartsTableMut, RunKey, StoredBlob, VersionKey,
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::rows::Rows;
use super::{driver, values};

impl BlobTable for Rows<'_> {
    fn blob_sizes(&self, keys: &[ContentKey]) -> Result<Vec<Option<u64>>, StoreError> {
        let mut select = self.statement("SELECT size FROM blob WHERE key = ?1")?;
        let sizes = keys.iter().map(|key| {
            let size = select.query_row(params![key.as_bytes()], |row| values::count(row, 0));
            size.optional().map_err(driver)
        });
        sizes.collect()
    }

    fn blob_totals(&self) -> Result<(u64, u64), StoreError> {
        self.one(
            "SELECT count(*), coalesce(sum(size), 0) FROM blob",
            params![],
            |row| Ok((values::count(row, 0)?, values::count(row, 1)?)),
        )
    }

    fn blobs_after(
        &self,
        after: Option<BlobKey>,
        limit: u32,
    ) -> Result<Vec<StoredBlob>, StoreError> {
        self.all(
            "SELECT id, key, size FROM blob WHERE ?1 < id ORDER BY id LIMIT ?2",
            params![after.map_or(0, |after| after.0), limit],
            stored,
        )
    }

    fn unused_blobs(
        &self,
        after: Option<BlobKey>,
        limit: u32,
    ) -> Result<Vec<StoredBlob>, StoreError> {
        self.all(
            "SELECT id, key, size FROM blob
             WHERE ?1 < id
               AND NOT EXISTS (SELECT 1 FROM entry WHERE blob_id = blob.id)
               AND NOT EXISTS (SELECT 1 FROM manifest WHERE blob_id = blob.id)
               AND NOT EXISTS (SELECT 1 FROM run_file WHERE blob_id = blob.id)
             ORDER BY id LIMIT ?2",
            params![after.map_or(0, |after| after.0), limit],
            stored,
        )
    }

    fn uses_of_blob(&self, blob: BlobKey) -> Result<Vec<BlobUse>, StoreError> {
        let mut uses = self.all(
            "SELECT v.id, e.path FROM entry e
             JOIN manifest m ON m.id = e.manifest_id JOIN version v ON v.id = m.version_id
             WHERE e.blob_id = ?1 AND v.state = 'COMMITTED' ORDER BY v.id, e.path",
            params![blob.0],
            |row| {
                Ok(BlobUse::Entry(
                    VersionKey(row.get(0)?),
                    values::text(row, 1)?,
                ))
            },
        )?;
        uses.extend(self.all(
            "SELECT v.id FROM manifest m JOIN version v ON v.id = m.version_id
             WHERE m.blob_id = ?1 AND v.state = 'COMMITTED' ORDER BY v.id",
            params![blob.0],
            |row| Ok(BlobUse::Manifest(VersionKey(row.get(0)?))),
        )?);
        uses.extend(self.all(
            "SELECT f.run_id, f.name FROM run_file f JOIN run r ON r.id = f.run_id
             WHERE f.blob_id = ?1 AND r.deleted_at IS NULL ORDER BY f.run_id, f.name",
            params![blob.0],
            |row| Ok(BlobUse::RunFile(RunKey(row.get(0)?), values::text(row, 1)?)),
        )?);
        Ok(uses)
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredBlob> {
    Ok(StoredBlob {
        key: BlobKey(row.get(0)?),
        content: ContentKey::from_bytes(row.get(1)?),
        size: values::count(row, 2)?,
    })
}

impl BlobTableMut for Rows<'_> {
    fn ensure_blobs(&mut self, blobs: &[(ContentKey, u64)]) -> Result<Vec<BlobRow>, StoreError> {
        let mut insert =
            self.statement("INSERT INTO blob (key, size) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
        let mut select = self.statement("SELECT id FROM blob WHERE key = ?1")?;
        // The index gives the first manifest at once, however many entries share the blob.
        let mut select_birth = self.statement(
            "SELECT v.id FROM manifest m JOIN version v ON v.id = m.version_id
             WHERE v.state = 'COMMITTED'
               AND m.id = (SELECT manifest_id FROM entry WHERE blob_id = ?1 ORDER BY manifest_id LIMIT 1)",
        )?;
        let mut rows = Vec::with_capacity(blobs.len());
        for (key, size) in blobs {
            let inserted = insert
                .execute(params![key.as_bytes(), values::to_column(*size)?])
                .map_err(driver)?;
            if inserted == 1 {
                let key = BlobKey(self.0.last_insert_rowid());
                rows.push(BlobRow { key, birth: None });
                continue;
            }
            let id: i64 = select
                .query_row(params![key.as_bytes()], |row| row.get(0))
                .map_err(driver)?;
            let birth = select_birth
                .query_row(params![id], |row| row.get(0).map(VersionKey))
                .optional()
                .map_err(driver)?;
            let key = BlobKey(id);
            rows.push(BlobRow { key, birth });
        }
        Ok(rows)
    }

    fn delete_unused_blobs(&mut self, keys: &[ContentKey]) -> Result<Vec<ContentKey>, StoreError> {
        let mut select = self.statement(
            "SELECT id, EXISTS (SELECT 1 FROM entry WHERE blob_id = blob.id)
                     OR EXISTS (SELECT 1 FROM manifest WHERE blob_id = blob.id)
                     OR EXISTS (SELECT 1 FROM run_file WHERE blob_id = blob.id)
             FROM blob WHERE key = ?1",
        )?;
        let mut delete = self.statement("DELETE FROM blob WHERE id = ?1")?;
        let mut unknown = Vec::new();
        for key in keys {
            let found: Option<(i64, bool)> = select
                .query_row(params![key.as_bytes()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
                .map_err(driver)?;
            match found {
                Some((_, true)) => {}
                Some((id, false)) => {
                    delete.execute(params![id]).map_err(driver)?;
                    unknown.push(*key);
                }
                None => unknown.push(*key),
            }
        }
        Ok(unknown)
    }
}

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
