//! Completion scripts and manual pages.

use clap::CommandFactory as _;

use super::args::{Cli, Command};
use super::{Exit, Failure, Printer};

pub(super) fn run(command: &Command) -> Result<Exit, Failure> {
    let mut cli = Cli::command();
    match command {
        Command::Artifact(_) => {}
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut cli, "wandb-rs", &mut script);
            Printer::print(&String::from_utf8_lossy(&script));
        }
        Command::Man { folder } => {
            let written = std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(cli, folder));
            written.map_err(|error| {
                Failure::new(
                    format!(
                        "the manual pages cannot be written to {}: {error}",
                        folder.display()
                    ),
                    "choose another folder",
                )
            })?;
        }
    }
    Ok(Exit::Done)
}
