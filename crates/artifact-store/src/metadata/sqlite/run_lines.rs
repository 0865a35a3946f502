//! The lines of runs as rows.

use rusqlite::{Row, params};

use super::rows::Rows;
use super::{driver, values};
use crate::StoreError;
use crate::metadata::{RunKey, RunLineTable, RunLineTableMut};
use crate::service::{LineBatch, RunLine, RunStream};

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
