//! The source of a new key.

use std::io::{IsTerminal as _, Read as _};

use super::{Failure, LoginArgs, Printer};
use wandb_rs::{ApiKey, Settings};

/// More than any key has; who sends more sends something else.
const MOST_BYTES: u64 = 64 * 1024;

/// Returns the key of the command line, of standard input, or of a prompt.
pub(super) fn get(
    args: &LoginArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<ApiKey, Failure> {
    let text = match &args.key {
        Some(text) => {
            printer.remark(
                "note: a key on the command line stays in the shell's history; without it, you are asked for it",
            );
            text.clone()
        }
        None if std::io::stdin().is_terminal() => typed(settings)?,
        None => piped()?,
    };
    text.parse().map_err(|error: wandb_rs::InvalidApiKey| {
        Failure::new(
            error.to_string(),
            format!("copy the whole key from {}", page(settings)),
        )
    })
}

/// Prompts for the key without echo.
fn typed(settings: &Settings) -> Result<String, Failure> {
    Printer::complain(&format!("The API key is shown at {}", page(settings)));
    rpassword::prompt_password("API key: ").map_err(|error| {
        Failure::new(
            format!("the API key cannot be read from the terminal: {error}"),
            OTHER_WAYS,
        )
    })
}

fn piped() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(MOST_BYTES).read_to_string(&mut text);
    // What was read is not shown, whatever it is.
    read.map_err(|error| {
        let what = format!("the API key cannot be read from standard input: {error}");
        Failure::new(what, OTHER_WAYS)
    })?;
    if text.trim().is_empty() {
        return Err(Failure::new(
            "no API key given, and no terminal to prompt for one",
            OTHER_WAYS,
        ));
    }
    Ok(text)
}

const OTHER_WAYS: &str = "give it on standard input (`wandb-rs login < FILE`), as `wandb-rs login KEY`, or set WANDB_API_KEY";

/// Returns the URL of the page that shows the key of the user.
fn page(settings: &Settings) -> String {
    format!("{}/authorize", settings.app_url())
}
