//! `wandb-rs server`: serves the store to W&B clients, and manages who may use it.

mod args;
mod heaps;
mod logs;
mod serve;
mod users;

use artifact_store::{Engine, EngineOptions};

pub(super) use args::ServerArgs;
use args::{ServerCommand, UserCommand};

use super::{Exit, Failure, Printer};
use wandb_rs::{Error, Settings};

pub(super) fn run(
    args: ServerArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if args.command.is_none() {
        heaps::limit();
    }
    let folder = &settings.store;
    let options = EngineOptions::default();
    let open = || Engine::open(folder, options.clone()).map_err(Error::from);
    let open_or_create = || Engine::open_or_create(folder, options.clone()).map_err(Error::from);
    match args.command {
        None => serve::run(&args.serve, open_or_create()?, settings, printer),
        Some(ServerCommand::User(UserCommand::Add { name, api_key })) => {
            users::add(&open_or_create()?, &name, api_key, printer)
        }
        Some(ServerCommand::User(UserCommand::List)) => users::list(&open()?, printer),
        Some(ServerCommand::User(UserCommand::Remove { name })) => {
            users::remove(&open()?, &name, printer)
        }
    }
}
