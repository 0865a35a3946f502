//! Lines of a run: its history, its system metrics and its console output.

use std::borrow::Cow;

use artifact_core::ports::RunMessage;
use artifact_core::records::{
    LineBatch, RunAddress, RunChanges, RunLine, RunState, RunStorageId, RunStream,
};
use serde_json::{Map, Value};

use super::Service;
use crate::StoreError;
use crate::metadata::{MetadataStoreExt as _, Scope};

/// A message of the file stream; every part is optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamUpdate {
    /// Lines.
    pub lines: Vec<LineBatch>,
    /// The new summary: JSON text of an object.
    pub summary: Option<String>,
    /// Whether the run is about to be taken away.
    pub preempting: bool,
    /// The exit code, if the run has ended.
    pub exit_code: Option<i32>,
}

impl From<RunMessage> for StreamUpdate {
    fn from(message: RunMessage) -> Self {
        let streams = [
            (RunStream::History, message.history),
            (RunStream::Events, message.events),
            (RunStream::Console, message.console),
        ];
        let batches = streams.into_iter().map(|(stream, lines)| LineBatch {
            stream,
            offset: lines.offset,
            lines: lines.lines,
        });
        Self {
            lines: batches.filter(|batch| !batch.lines.is_empty()).collect(),
            summary: message.summary,
            preempting: message.is_preempting,
            exit_code: message.exit_code,
        }
    }
}

/// The largest number that a line can have: the protocol counts lines in 32 bits.
const LAST_LINE: u64 = i32::MAX as u64 - 1;

impl Service {
    /// Writes what a run says, and counts it as a sign of life. Returns whether the run is asked to stop.
    ///
    /// A late message of a run that has ended does not make it run again.
    ///
    /// # Errors
    /// [`RegistryError::NoRun`](artifact_core::ports::RegistryError::NoRun), when the caller may not, when a line has a
    /// number past 2,147,483,646, when the summary is no JSON object, and when the store fails.
    pub fn stream_run(&self, run: &RunAddress, update: &StreamUpdate) -> Result<bool, StoreError> {
        update.lines.iter().try_for_each(check_numbers)?;
        let batches: Vec<_> = update.lines.iter().map(readable).collect();
        let changes = RunChanges {
            summary: update.summary.as_deref().map(parse_summary).transpose()?,
            ..RunChanges::default()
        };
        let now = self.core.now();
        self.core.metadata.writing(&Scope::Run(run.clone()), |tx| {
            self.must_be_allowed(&*tx, &run.project.entity)?;
            let key = self.core.existing_run(&*tx, run)?;
            for batch in &batches {
                tx.put_lines(key, batch)?;
            }
            if changes.summary.is_some() {
                tx.update_run(key, &changes)?;
            }
            tx.record_heartbeat(key, now)?;
            // Asked before the end, which is the answer to the wish.
            let (state, is_stop_asked) = tx.run_status(key)?;
            if let Some(exit_code) = update.exit_code {
                self.core.end_run(tx, key, exit_code)?;
            } else if update.preempting {
                tx.set_run_state(key, RunState::Preempting, None, now)?;
            } else if state == RunState::Pending {
                tx.set_run_state(key, RunState::Running, None, now)?;
            }
            let (project, _) = tx
                .project_of_run(key)?
                .ok_or_else(|| self.core.no_run(run))?;
            tx.touch_project(project, now)?;
            Ok(is_stop_asked)
        })
    }

    /// Returns up to `limit` lines of a stream from line `from` on. Lines that were never written are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lines(
        &self,
        run: &RunStorageId,
        stream: RunStream,
        from: u64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError> {
        self.core
            .metadata
            .reading(|rows| match self.visible_run(rows, run)? {
                Some(run) => rows.lines(run, stream, from, limit),
                None => Ok(Vec::new()),
            })
    }

    /// Returns up to `limit` lines of the history, by step: those from step `min_step` to before step `max_step`. The
    /// step of a line that does not say is its number.
    ///
    /// # Errors
    /// When the store fails.
    pub fn history_lines(
        &self,
        run: &RunStorageId,
        min_step: i64,
        max_step: i64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError> {
        self.core
            .metadata
            .reading(|rows| match self.visible_run(rows, run)? {
                Some(run) => rows.lines_of_steps(run, min_step, max_step, limit),
                None => Ok(Vec::new()),
            })
    }

    /// Returns the numbers of all lines of a stream, in order.
    ///
    /// # Errors
    /// When the store fails.
    pub fn line_numbers(
        &self,
        run: &RunStorageId,
        stream: RunStream,
    ) -> Result<Vec<u64>, StoreError> {
        self.core
            .metadata
            .reading(|rows| match self.visible_run(rows, run)? {
                Some(run) => rows.line_numbers(run, stream),
                None => Ok(Vec::new()),
            })
    }

    /// Returns the lines of a stream that have these numbers, in the order of the numbers.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lines_at(
        &self,
        run: &RunStorageId,
        stream: RunStream,
        numbers: &[u64],
    ) -> Result<Vec<RunLine>, StoreError> {
        self.core
            .metadata
            .reading(|rows| match self.visible_run(rows, run)? {
                Some(run) => rows.lines_at(run, stream, numbers),
                None => Ok(Vec::new()),
            })
    }

    /// Returns the last `limit` lines of a stream, in their order. Lines that were never written are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn last_lines(
        &self,
        run: &RunStorageId,
        stream: RunStream,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError> {
        self.core
            .metadata
            .reading(|rows| match self.visible_run(rows, run)? {
                Some(run) => rows.last_lines(run, stream, limit),
                None => Ok(Vec::new()),
            })
    }
}

fn check_numbers(batch: &LineBatch) -> Result<(), StoreError> {
    let end = batch.offset.checked_add(batch.lines.len() as u64);
    if end.is_some_and(|end| end <= LAST_LINE + 1) {
        return Ok(());
    }
    Err(StoreError::rejected(format!(
        "{} lines from line {} on are too many: a stream ends at line {LAST_LINE}",
        batch.lines.len(),
        batch.offset
    )))
}

/// Returns lines of JSON as every parser reads them.
fn readable(batch: &LineBatch) -> Cow<'_, LineBatch> {
    let quoted = |text: &String| quote_non_finite(text).into_owned();
    match batch.stream {
        RunStream::Console => Cow::Borrowed(batch),
        RunStream::History | RunStream::Events => Cow::Owned(LineBatch {
            lines: batch.lines.iter().map(quoted).collect(),
            ..*batch
        }),
    }
}

fn parse_summary(text: &str) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(&quote_non_finite(text))
        .map_err(|error| StoreError::rejected(format!("the summary is no JSON object: {error}")))
}

const TOKENS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// Returns `text` as JSON that every parser reads: such numbers become texts of the same letters. What stands between
/// quotes stays.
fn quote_non_finite(text: &str) -> Cow<'_, str> {
    if !TOKENS.iter().any(|token| text.contains(token)) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (string, after) = rest.split_at(end_of_string(rest));
            result.push_str(string);
            rest = after;
        } else if let Some(token) = TOKENS.iter().find(|token| rest.starts_with(**token)) {
            result.push('"');
            result.push_str(token);
            result.push('"');
            rest = &rest[token.len()..];
        } else {
            result.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Cow::Owned(result)
}

/// Returns where the string ends with which `text` begins.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_texts_and_texts_stay() {
        let text = r#"{"a":NaN,"NaN":[-Infinity,Infinity],"b":"\"NaN","é":"Infinity"}"#;
        let expected = r#"{"a":"NaN","NaN":["-Infinity","Infinity"],"b":"\"NaN","é":"Infinity"}"#;
        assert_eq!(quote_non_finite(text), expected);
        assert!(matches!(quote_non_finite(r#"{"a":1}"#), Cow::Borrowed(_)));
        for broken in ["NaN\"", "\"NaN", "\"\\", "{NaN"] {
            quote_non_finite(broken);
        }
    }
}
