//! Output: results to standard output, the rest to standard error.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use serde::Serialize;
use wandb_rs::Progress;

use super::progress_bars::{ProgressBars, RetryWarnings};
use super::text;

#[derive(Debug, Clone)]
pub(super) struct Printer {
    is_json: bool,
    is_quiet: bool,
}

impl Printer {
    pub(super) const fn new(is_json: bool, is_quiet: bool) -> Self {
        Self { is_json, is_quiet }
    }

    /// Limits output to the essential if `is_quiet`.
    pub(super) const fn or_quiet(self, is_quiet: bool) -> Self {
        Self {
            is_quiet: self.is_quiet || is_quiet,
            ..self
        }
    }

    /// Returns a printer for machines.
    pub(super) fn as_json(&self) -> Self {
        Self {
            is_json: true,
            ..self.clone()
        }
    }

    /// Returns whether output is JSON.
    pub(super) const fn is_json(&self) -> bool {
        self.is_json
    }

    /// Returns whether output is limited to the essential.
    #[cfg(feature = "server")]
    pub(super) const fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Prints the result: `object` as JSON, or else the text of `people`.
    pub(super) fn answer(&self, object: &impl Serialize, people: impl FnOnce() -> String) {
        if self.is_json {
            let json = serde_json::to_string(object).expect("answers have string keys only");
            Self::print(&format!("{json}\n"));
        } else {
            Self::print(&text::without_control_characters(&people()));
        }
    }

    /// Prints to standard output as it is.
    pub(super) fn print(text: &str) {
        // A closed pipe means that the reader is done.
        _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Prints a note, unless output is quiet or JSON.
    pub(super) fn remark(&self, line: &str) {
        if !self.is_quiet && !self.is_json {
            Self::complain(line);
        }
    }

    /// Prints a line to standard error.
    pub(super) fn complain(line: &str) {
        _ = writeln!(std::io::stderr(), "{line}");
    }

    /// Returns progress bars on a terminal, and else warnings about retries; `None` if quiet.
    pub(super) fn progress(&self) -> Option<Arc<dyn Progress>> {
        if self.is_quiet {
            return None;
        }
        if !self.is_json && std::io::stderr().is_terminal() {
            return Some(Arc::new(ProgressBars::default()));
        }
        Some(Arc::new(RetryWarnings::default()))
    }
}
