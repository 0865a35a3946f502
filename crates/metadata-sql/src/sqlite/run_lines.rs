//! The lines of runs as rows.

use rusqlite::{OptionalExtension as _, Row, params};

use super::rows::Rows;
use super::{driver, values};
use artifact_core::records::{LineBatch, LineCounts, RunLine, RunStream};
use artifact_store::StoreError;
use artifact_store::metadata::{RunKey, RunLineTable, RunLineTableMut};

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
