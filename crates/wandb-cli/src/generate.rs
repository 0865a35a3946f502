//! Completion scripts and manual pages.

use std::path::Path;

use clap::CommandFactory as _;

use super::args::Cli;
use super::{Exit, Failure, Printer};

/// Prints the completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wandb-rs", &mut script);
    Printer::print(&String::from_utf8_lossy(&script));
    Exit::Done
}

/// Writes the manual pages to a folder.
pub(super) fn manual(folder: &Path) -> Result<Exit, Failure> {
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| {
        Failure::new(
            format!(
                "the manual pages cannot be written to {}: {error}",
                folder.display()
            ),
            "choose another folder",
        )
    })?;
    Ok(Exit::Done)
}
