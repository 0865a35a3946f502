//! `wandb-rs artifact update`, `rm`, `link`, `unlink`, `cp` and `collection`: keep order among what is there.

mod args;
mod collection;
mod ttl;
mod versions;

pub(super) use args::CurateCommand;

use super::{Exit, Failure, Printer};
use wandb_rs::Client;

pub(super) async fn run(
    command: CurateCommand,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match command {
        CurateCommand::Update(args) => versions::update(args, client, printer).await,
        CurateCommand::Rm(args) => versions::remove(args, client, printer).await,
        CurateCommand::Link(args) => versions::link(args, client, printer).await,
        CurateCommand::Unlink(args) => versions::unlink(args, client, printer).await,
        CurateCommand::Cp(args) => versions::copy(args, client, printer).await,
        CurateCommand::Collection(command) => collection::run(command, client, printer).await,
    }
}
