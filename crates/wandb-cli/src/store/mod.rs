//! `wandb-rs store`: looks after the embedded store.

mod fsck;
mod gc;

use clap::{Args, Subcommand, ValueHint};

use super::{Exit, Failure, Printer};
use wandb_rs::{Settings, Store};

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Delete versions whose TTL is over, and free content that nothing refers to.
    Gc(GcArgs),
    /// Verify all stored content byte by byte, and list what is missing or damaged.
    Fsck(FsckArgs),
}

#[derive(Debug, Args)]
pub(super) struct GcArgs {
    /// Show what would be deleted and freed, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct FsckArgs {
    /// Write damaged manifests anew from what the store knows.
    #[arg(long)]
    repair: bool,
    /// URL of a server, or folder of a store, to fetch content anew from that is missing or damaged; does what `--repair`
    /// does, too.
    #[arg(long, value_name = "URL|DIR", value_hint = ValueHint::AnyPath)]
    repair_from: Option<String>,
}

pub(super) async fn run(
    command: StoreCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut store = Store::open(&settings.store)?;
    if let Some(progress) = printer.progress() {
        store = store.progress(progress);
    }
    match command {
        StoreCommand::Gc(args) => gc::run(&args, &store, printer).await,
        StoreCommand::Fsck(args) => fsck::run(args, &store, printer).await,
    }
}
