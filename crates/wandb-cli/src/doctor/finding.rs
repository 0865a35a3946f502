//! Findings, and their fixes.

use serde::Serialize;

use super::Failure;

/// The state of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be, or for information only.
    Ok,
    /// Perhaps not as it should be.
    Warning,
    /// Something will not work.
    Error,
}

impl State {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// The check, in a word.
    pub(super) check: &'static str,
    pub(super) state: State,
    /// The finding.
    pub(super) what: String,
    /// The fix, in one line; null where there is nothing to fix.
    pub(super) fix: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.add(check, State::Ok, what.into(), None);
    }

    pub(super) fn warning(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(check, State::Warning, what.into(), Some(fix.into()));
    }

    pub(super) fn error(
        &mut self,
        check: &'static str,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(check, State::Error, what.into(), Some(fix.into()));
    }

    pub(super) fn failed(&mut self, check: &'static str, failure: &Failure) {
        let (what, fix) = failure.told();
        self.add(check, State::Error, what, fix);
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.0.iter().filter(|found| found.state == state).count()
    }

    fn add(&mut self, check: &'static str, state: State, what: String, fix: Option<String>) {
        self.0.push(Finding {
            check,
            state,
            what,
            fix,
        });
    }
}
