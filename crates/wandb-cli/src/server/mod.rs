//! `wandb-rs server`: serves the store to W&B clients, and manages who may use it.

mod allocator;
mod args;
mod logs;
mod serve;
mod users;

use std::path::Path;
use std::sync::Arc;

pub(super) use args::ServerArgs;
use args::{ServerCommand, UserCommand};

use super::{Exit, Failure, Printer};
use artifact_store::{Engine, EngineOptions};
use blob_stores::FolderBlobs;
use metadata_sql::{DATABASE_FILE, SqliteMetadata};
use wandb_rs::{Error, Settings};

pub(super) fn run(
    args: ServerArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if args.command.is_none() {
        allocator::limit_arenas();
    }
    let folder = &settings.store;
    let database = folder.join(DATABASE_FILE);
    let open = || {
        let metadata = SqliteMetadata::open(&database).map_err(Error::from)?;
        Ok::<_, Error>(engine_over(metadata, folder))
    };
    let open_or_create = || {
        let metadata = SqliteMetadata::open_or_create(&database).map_err(Error::from)?;
        Ok::<_, Error>(engine_over(metadata, folder))
    };
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

/// Returns the engine over the store in `folder`, whose database is open.
fn engine_over(metadata: SqliteMetadata, folder: &Path) -> Engine {
    let blobs = FolderBlobs::new(folder);
    let options = EngineOptions::default().location(folder.display());
    Engine::new(Arc::new(metadata), Arc::new(blobs), options)
}
