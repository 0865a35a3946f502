//! Failures of commands: the error, its causes, and a hint.

use std::error::Error as _;

use super::printer::Printer;
use super::text::without_control_characters;
use wandb_rs::{Error, SettingsError};

/// Why a command failed, and what to do about it.
#[derive(Debug)]
pub(super) struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
}

impl Failure {
    /// Returns a failure with the message `what`, and a hint that names the next command.
    pub(super) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            error: anyhow::Error::msg(what.into()),
            hint: Some(hint.into()),
        }
    }

    /// Returns what went wrong with all its causes, and what to do about it, for a line among others.
    pub(super) fn told(&self) -> (String, Option<String>) {
        let chain: Vec<_> = self.error.chain().map(ToString::to_string).collect();
        (on_one_line(&chain.join(": ")), self.hint.clone())
    }

    /// Prints `error:`, the chain of causes, and the hint.
    pub(super) fn report(&self) {
        Printer::complain(&format!("error: {}", on_one_line(&self.error.to_string())));
        let mut causes = self
            .error
            .chain()
            .skip(1)
            .map(ToString::to_string)
            .peekable();
        if causes.peek().is_some() {
            Printer::complain("Caused by:");
            causes.for_each(|cause| Printer::complain(&format!("  {}", on_one_line(&cause))));
        }
        if let Some(hint) = &self.hint {
            Printer::complain(&format!("\nhint: {}", on_one_line(hint)));
        }
    }
}

/// Spells out control characters, line feeds too: file names may hold any.
fn on_one_line(text: &str) -> String {
    without_control_characters(text).replace('\n', "\\n")
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = error.hint();
        // A transparent error is its own cause; its text must not come twice.
        debug_assert!(
            error
                .source()
                .is_none_or(|source| source.to_string() != error.to_string()),
            "{error:?}"
        );
        Self {
            error: error.into(),
            hint,
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Error::from(error).into()
    }
}
