//! What a run says while it goes on, line by line. Source: the file stream of the wire protocol.

use artifact_core::ports::RunAddress;

use super::{RunStorageId, Service};
use crate::StoreError;

/// One of the streams of lines that a run writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStream {
    /// `wandb-history.jsonl`: one JSON object per step.
    History,
    /// `wandb-events.jsonl`: one JSON object per system sample.
    Events,
    /// `output.log`: the console.
    Console,
}

/// A line of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLine {
    /// Its number, from 0.
    pub number: u64,
    /// Its text, without the line feed.
    pub text: String,
}

/// Lines to write from line `offset` on, over what is there. Gaps stay empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineBatch {
    /// The stream.
    pub stream: RunStream,
    /// The number of the first line.
    pub offset: u64,
    /// The lines.
    pub lines: Vec<String>,
}

/// A message of the file stream; every part is optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamUpdate {
    /// Lines.
    pub lines: Vec<LineBatch>,
    /// The new summary: JSON text of an object.
    pub summary: Option<String>,
    /// Whether the run is about to be taken away.
    pub preempting: bool,
    /// How the run ended, where it has.
    pub exit_code: Option<i32>,
}

impl Service {
    /// Writes what a run says, and counts it as a sign of life. Returns whether the run is asked to stop.
    ///
    /// # Errors
    /// [`RegistryError::NoRun`](artifact_core::ports::RegistryError::NoRun), when the caller may not, and when the
    /// store fails.
    pub fn stream_run(&self, run: &RunAddress, update: &StreamUpdate) -> Result<bool, StoreError> {
        let _ = (run, update);
        todo!()
    }

    /// Returns up to `limit` lines of a stream from line `from` on.
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
        let _ = (run, stream, from, limit);
        todo!()
    }

    /// Returns the last `limit` lines of a stream, in their order.
    ///
    /// # Errors
    /// When the store fails.
    pub fn last_lines(
        &self,
        run: &RunStorageId,
        stream: RunStream,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError> {
        let _ = (run, stream, limit);
        todo!()
    }
}
