//! What runs say, line by line.

use super::RunKey;
use crate::StoreError;
use crate::service::{LineBatch, RunLine, RunStream};

/// What can be asked of the lines of runs.
pub(crate) trait RunLineTable {
    /// Returns up to `limit` lines from line `from` on, in order.
    fn lines(
        &self,
        run: RunKey,
        stream: RunStream,
        from: u64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError>;

    /// Returns up to `limit` lines of the history whose steps are `min_step` or more and less than `max_step`, by step.
    /// The step of a line that does not say is its number.
    fn lines_of_steps(
        &self,
        run: RunKey,
        min_step: i64,
        max_step: i64,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError>;

    /// Returns the numbers of all lines, in order.
    fn line_numbers(&self, run: RunKey, stream: RunStream) -> Result<Vec<u64>, StoreError>;

    /// Returns the lines that have these numbers, in the order of the numbers.
    fn lines_at(
        &self,
        run: RunKey,
        stream: RunStream,
        numbers: &[u64],
    ) -> Result<Vec<RunLine>, StoreError>;

    /// Returns the last `limit` lines, in order.
    fn last_lines(
        &self,
        run: RunKey,
        stream: RunStream,
        limit: u32,
    ) -> Result<Vec<RunLine>, StoreError>;
}

/// What can be done to the lines of runs.
pub(crate) trait RunLineTableMut {
    /// Writes lines over what is there.
    fn put_lines(&mut self, run: RunKey, batch: &LineBatch) -> Result<(), StoreError>;
}
