//! Lines that a run streams to its registry. Source: the file stream of the wire protocol.

/// A stream of lines that a run writes.
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

/// Lines to write from line `offset` on, over those already there. Gaps stay empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineBatch {
    /// The stream.
    pub stream: RunStream,
    /// The number of the first line.
    pub offset: u64,
    /// The lines.
    pub lines: Vec<String>,
}

/// The length of each stream of a run, in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCounts {
    /// Lines of the history.
    pub history: u64,
    /// Lines of the system's samples.
    pub events: u64,
    /// Lines of the console.
    pub console: u64,
}

impl LineCounts {
    /// Returns the length of one stream.
    #[must_use]
    pub const fn of(&self, stream: RunStream) -> u64 {
        match stream {
            RunStream::History => self.history,
            RunStream::Events => self.events,
            RunStream::Console => self.console,
        }
    }
}
