//! What runs are doing.

use std::str::FromStr;

use crate::InvalidValue;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunState {
    /// It has not ended, and was heard of lately.
    Running,
    /// It ended with exit code 0.
    Finished,
    /// It ended with another exit code.
    Failed,
    /// It has not ended, and was not heard of for five minutes.
    Crashed,
    /// It was taken away to go on later.
    Preempting,
    /// It was created and has not started.
    Pending,
}

/// Every state, in the protocol's words.
const STATES: [(RunState, &str); 6] = [
    (RunState::Running, "running"),
    (RunState::Finished, "finished"),
    (RunState::Failed, "failed"),
    (RunState::Crashed, "crashed"),
    (RunState::Preempting, "preempting"),
    (RunState::Pending, "pending"),
];

impl RunState {
    /// Returns the protocol's word for the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = STATES.iter().find(|(state, _)| *state == self);
        found.map_or("running", |(_, word)| word)
    }

    /// Whether the run does nothing more.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Crashed)
    }
}

impl FromStr for RunState {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = STATES.iter().find(|(_, word)| *word == text);
        found.map(|(state, _)| *state).ok_or_else(|| {
            let words = STATES.map(|(_, word)| word).join(", ");
            InvalidValue::new("run state", text, format!("it is none of {words}"))
        })
    }
}
