//! The files of runs as rows.

use artifact_core::{ContentDigest, ContentKey, LogicalPath, Timestamp};
use rusqlite::{Row, params};

use super::rows::Rows;
use super::values;
use artifact_store::StoreError;
use artifact_store::metadata::{BlobKey, RunFileRow, RunFileTable, RunFileTableMut, RunKey};

fn file(row: &Row<'_>) -> rusqlite::Result<RunFileRow> {
    Ok(RunFileRow {
        number: row.get(0)?,
        size: values::count(row, 2)?,
        md5: ContentDigest::Md5(row.get(3)?),
        updated_at: values::time(row, 4)?,
        content: ContentKey::from_bytes(row.get(5)?),
        name: values::text(row, 1)?,
    })
}

impl RunFileTable for Rows<'_> {
    fn run_files(&self, run: RunKey, pattern: Option<&str>) -> Result<Vec<RunFileRow>, StoreError> {
        self.all(
            "SELECT f.id, f.name, b.size, f.md5, f.updated_at, b.key FROM run_file f JOIN blob b ON b.id = f.blob_id
             WHERE f.run_id = ?1 AND (?2 IS NULL OR f.name LIKE ?2)",
            params![run.0, pattern],
            file,
        )
    }

    fn run_file_count(&self, run: RunKey) -> Result<u64, StoreError> {
        self.one(
            "SELECT count(*) FROM run_file WHERE run_id = ?1",
            params![run.0],
            |row| values::count(row, 0),
        )
    }

    fn run_of_file(&self, number: i64) -> Result<Option<RunKey>, StoreError> {
        self.optional(
            "SELECT run_id FROM run_file WHERE id = ?1",
            params![number],
            |row| row.get(0).map(RunKey),
        )
    }

    fn run_file_content(
        &self,
        run: RunKey,
        name: &LogicalPath,
    ) -> Result<Option<ContentKey>, StoreError> {
        self.optional(
            "SELECT b.key FROM run_file f JOIN blob b ON b.id = f.blob_id WHERE f.run_id = ?1 AND f.name = ?2",
            params![run.0, name.as_str()],
            |row| row.get(0).map(ContentKey::from_bytes),
        )
    }
}

impl RunFileTableMut for Rows<'_> {
    fn put_run_file(
        &mut self,
        run: RunKey,
        name: &LogicalPath,
        blob: BlobKey,
        md5: &ContentDigest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO run_file (run_id, name, blob_id, md5, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (run_id, name) DO UPDATE SET
                blob_id = excluded.blob_id, md5 = excluded.md5, updated_at = excluded.updated_at",
            params![run.0, name.as_str(), blob.0, md5.bytes(), now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn delete_run_file(&mut self, number: i64) -> Result<Option<ContentKey>, StoreError> {
        let content = self.optional(
            "SELECT b.key FROM run_file f JOIN blob b ON b.id = f.blob_id WHERE f.id = ?1",
            params![number],
            |row| row.get(0).map(ContentKey::from_bytes),
        )?;
        self.execute("DELETE FROM run_file WHERE id = ?1", params![number])?;
        Ok(content)
    }
}
