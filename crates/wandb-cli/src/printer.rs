//! Where output goes: what was asked for to standard output, the rest to standard error.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use serde::Serialize;
use wandb_rs::Progress;

use super::bars::{Bars, RetryWarnings};
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

    /// Also says only what must be said where `is_quiet`.
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

    /// Whether machines read what is printed.
    pub(super) const fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether only what must be said is said.
    #[cfg(feature = "server")]
    pub(super) const fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Prints what was asked for: `object` for machines, or else a text for `people`.
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
        // Whoever closed the pipe has read enough.
        _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Prints a line that people may want to know.
    pub(super) fn remark(&self, line: &str) {
        if !self.is_quiet && !self.is_json {
            Self::complain(line);
        }
    }

    /// Prints a line that people must know.
    pub(super) fn complain(line: &str) {
        _ = writeln!(std::io::stderr(), "{line}");
    }

    /// Returns progress bars on a terminal, and else warnings about retries; `None` if quiet.
    pub(super) fn progress(&self) -> Option<Arc<dyn Progress>> {
        if self.is_quiet {
            return None;
        }
        if !self.is_json && std::io::stderr().is_terminal() {
            return Some(Arc::new(Bars::default()));
        }
        Some(Arc::new(RetryWarnings::default()))
    }
}
