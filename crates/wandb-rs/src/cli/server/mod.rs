//! `wandb-rs server`: serves the store to W&B clients, and manages who may use it.

mod args;
mod logs;
mod serve;
mod users;

use artifact_store::{Engine, EngineOptions};

pub(super) use args::ServerArgs;
use args::ServerCommand;

use super::args::Global;
use super::{Exit, Failure, Printer};
use crate::{Error, Settings};

pub(super) fn run(args: ServerArgs, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
    let settings = Settings::from_env()?;
    let folder = global.store.as_ref().unwrap_or(&settings.store);
    let engine = Engine::open_or_create(folder, EngineOptions::default()).map_err(Error::from)?;
    match args.command {
        None => serve::run(&args.serve, engine, &settings, printer),
        Some(ServerCommand::User(command)) => users::run(command, &engine, printer),
    }
}
