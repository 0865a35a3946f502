//! Messages of a running run to its registry, and the progress that a resumed run continues from.

use crate::LogicalPath;
use crate::records::{LineCounts, Run};

/// Lines of one of a run's streams. They are written from line `offset` on, replacing lines already there, so sending
/// them again after a lost response is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamLines {
    /// The number of the first line, from 0.
    pub offset: u64,
    /// The lines, without line feeds.
    pub lines: Vec<String>,
}

/// A message of a run to its registry; every part is optional. An empty one is a heartbeat.
///
/// Source: the file stream of the wire protocol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunMessage {
    /// One JSON object per step. Numbers may be `NaN`, `Infinity` and `-Infinity`, as the official client writes them.
    pub history: StreamLines,
    /// One JSON object per sample of the system.
    pub events: StreamLines,
    /// The console output.
    pub console: StreamLines,
    /// The whole new summary: JSON text of an object, with numbers as in the history.
    pub summary: Option<String>,
    /// Files of the run that have been sent.
    pub uploaded: Vec<LogicalPath>,
    /// Whether the run is being interrupted to continue later.
    pub is_preempting: bool,
    /// The exit code, once the run has ended; 0 is success.
    pub exit_code: Option<i32>,
}

/// The response to a [`RunMessage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunReply {
    /// Whether a stop of the run was requested.
    pub is_stop_wanted: bool,
}

/// The state that a resumed run continues from.
///
/// Source: `RunResumeStatus` of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct RunProgress {
    /// The run.
    pub run: Run,
    /// The length of each of its streams.
    pub line_counts: LineCounts,
    /// The last step of its history.
    pub last_step: Option<u64>,
}
