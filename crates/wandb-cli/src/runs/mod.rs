//! `wandb-rs run`: lists runs and their files.

mod args;
mod files;
mod ls;

pub(super) use args::RunCommand;

use super::{Exit, Failure, Printer};
use wandb_rs::Api;

pub(super) async fn run(
    command: RunCommand,
    api: &Api,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match command {
        RunCommand::Ls(args) => ls::run(args, api, printer).await,
        RunCommand::Files(args) => files::run(args, api, printer).await,
    }
}
