//! Arguments of `artifact refs`.

use clap::{Args, Subcommand};
use wandb_rs::{Alias, ArtifactAddress, ArtifactName};

use crate::args::RateArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum RefsCommand {
    /// Ask the stores of all references whether what was recorded can still be had, without fetching it.
    Check(CheckArgs),
    /// Log the content of the references as a new version, which depends on no other store.
    Freeze(FreezeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(super) address: ArtifactAddress,
    /// Read references to files of this machine, although the version is on a server.
    #[arg(long)]
    pub(super) allow_local_references: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FreezeArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(super) address: ArtifactAddress,
    /// Artifact of the same project to log it to [default: the same].
    #[arg(short, long, value_name = "NAME")]
    pub(super) name: Option<ArtifactName>,
    /// Alias that moves to the new version; may be given more than once. `latest` always moves.
    #[arg(short, long, value_name = "ALIAS")]
    pub(super) alias: Vec<Alias>,
    /// Read references to files of this machine, although the version is on a server.
    #[arg(long)]
    pub(super) allow_local_references: bool,
    #[command(flatten)]
    pub(crate) rate: RateArgs,
}
