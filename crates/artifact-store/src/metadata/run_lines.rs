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
