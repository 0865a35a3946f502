//! `wandb-rs online`, `offline`, `disabled`, `enabled`: whether programs in this folder ask a server.

use serde::Serialize;

use super::{Exit, Failure, Printer};
use wandb_rs::{Key, Mode, Settings};

/// The output of `offline --json` and the like.
#[derive(Debug, Serialize)]
struct Answer {
    /// The mode that is in force now.
    mode: &'static str,
    /// The settings file of the folder.
    settings: String,
}

/// Puts a mode in force in this folder.
pub(super) fn run(mode: Mode, settings: &Settings, printer: &Printer) -> Result<Exit, Failure> {
    // Online is the default, unless the user's own settings differ.
    let said = (mode != Mode::Online).then_some(mode);
    settings.keep_mode(said)?;
    let mut now = Settings::from_env()?;
    if now.mode != mode && said.is_none() {
        settings.keep_mode(Some(mode))?;
        now = Settings::from_env()?;
    }
    let answer = Answer {
        mode: now.mode.as_str(),
        settings: settings.workspace_file().display().to_string(),
    };
    if now.mode == mode {
        printer.answer(&answer, || {
            format!("the mode in this folder is {mode} ({})\n", answer.settings)
        });
        return Ok(Exit::Done);
    }
    Err(Failure::new(
        format!(
            "{} has it, but the mode is still {}",
            answer.settings, now.mode
        ),
        format!("{} sets it; unset that", now.source(Key::Mode)),
    ))
}
