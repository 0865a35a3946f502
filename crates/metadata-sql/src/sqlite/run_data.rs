//! The lines and the files of runs as rows.

use artifact_core::records::{LineBatch, LineCounts, RunLine, RunStream};
use artifact_core::{ContentDigest, ContentKey, LogicalPath, Timestamp};
use artifact_store::StoreError;
use artifact_store::metadata::{
    BlobKey, RunFileRow, RunFileTable, RunFileTableMut, RunKey, RunLineTable, RunLineTableMut,
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::rows::Rows;
use super::{driver, values};

/// Returns a stream as a column holds it.
pub(super) fn stream_number(stream: RunStream) -> i64 {
    match stream {
        RunStream::History => 0,
        RunStream::Events => 1,
        RunStream::Console => 2,
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<RunLine> {
    Ok(RunLine {
        number: values::count(row, 0)?,
        text: row.get(1)?,
    })
}

impl RunLineTable for Rows<'_> {
    fn lines(
        &self,
        run: RunKey,
        stream: RunStream,
        from: u64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError> {
        let Ok(from) = i64::try_from(from) else {
            return Ok(Vec::new());
        };
        self.all(
            "SELECT number, text FROM run_line WHERE run_id = ?1 AND stream = ?2 AND ?3 <= number
             ORDER BY number LIMIT ?4",
            params![run.0, stream_number(stream), from, limit],
            line,
        )
    }

    fn lines_of_steps(
        &self,
        run: RunKey,
        min_step: i64,
        max_step: i64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError> {
        // The stream as it stands in the condition of the index.
        self.all(
            "SELECT number, text FROM run_line
             WHERE run_id = ?1 AND stream = 0 AND ?2 <= step AND step < ?3 ORDER BY step, number LIMIT ?4",
            params![run.0, min_step, max_step, limit],
            line,
        )
    }

    fn line_counts(&self, run: RunKey) -> Result<LineCounts, StoreError> {
        let count = |stream| {
            self.one(
                "SELECT coalesce(max(number) + 1, 0) FROM run_line WHERE run_id = ?1 AND stream = ?2",
                params![run.0, stream_number(stream)],
                |row| values::count(row, 0),
            )
        };
        Ok(LineCounts {
            history: count(RunStream::History)?,
            events: count(RunStream::Events)?,
            console: count(RunStream::Console)?,
        })
    }

    fn line_numbers(&self, run: RunKey, stream: RunStream) -> Result<Vec<u64>, StoreError> {
        self.all(
            "SELECT number FROM run_line WHERE run_id = ?1 AND stream = ?2 ORDER BY number",
            params![run.0, stream_number(stream)],
            |row| values::count(row, 0),
        )
    }

    fn lines_at(
        &self,
        run: RunKey,
        stream: RunStream,
        numbers: &[u64],
    ) -> Result<Vec<RunLine>, StoreError> {
        let mut select = self.statement(
            "SELECT number, text FROM run_line WHERE run_id = ?1 AND stream = ?2 AND number = ?3",
        )?;
        let stream = stream_number(stream);
        let lines = numbers.iter().filter_map(|number| {
            let number = values::to_column(*number);
            let found = number.and_then(|number| {
                let found = select.query_row(params![run.0, stream, number], line);
                found.optional().map_err(driver)
            });
            found.transpose()
        });
        lines.collect()
    }

    fn last_lines(
        &self,
        run: RunKey,
        stream: RunStream,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError> {
        let mut lines = self.all(
            "SELECT number, text FROM run_line WHERE run_id = ?1 AND stream = ?2 ORDER BY number DESC LIMIT ?3",
            params![run.0, stream_number(stream), limit],
            line,
        )?;
        lines.reverse();
        Ok(lines)
    }
}

impl RunLineTableMut for Rows<'_> {
    fn put_lines(&mut self, run: RunKey, batch: &LineBatch) -> Result<(), StoreError> {
        let stream = stream_number(batch.stream);
        let mut put = self.statement(
            "INSERT INTO run_line (run_id, stream, number, text) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET text = excluded.text",
        )?;
        for (number, text) in (batch.offset..).zip(&batch.lines) {
            put.execute(params![run.0, stream, values::to_column(number)?, text])
                .map_err(driver)?;
        }
        Ok(())
    }
}

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
