//! `wandb-rs artifact refs`: looks after what a version only refers to.

mod args;
pub(super) mod check;
mod freeze;

pub(super) use args::RefsCommand;

use super::{Exit, Failure, Printer};
use wandb_rs::Client;

pub(super) async fn run(
    command: RefsCommand,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match command {
        RefsCommand::Check(args) => check::run(args, client, printer).await,
        RefsCommand::Freeze(args) => freeze::run(args, client, printer).await,
    }
}
