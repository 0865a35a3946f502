//! What can be said of reading versions, and of the cache.

use clap::{Args, Subcommand};
use wandb_rs::ArtifactAddress;

use super::RateArgs;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OfflineArgs {
    /// Ask no server: what is cached is all there is, and an alias means what it meant when the server was asked last.
    #[arg(long = "offline")]
    pub(crate) is_offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(crate) address: ArtifactAddress,
    /// Path of the file in the version.
    pub(crate) path: String,
    /// Only these bytes, counted from 0: `0-99` the first hundred, `100-` all but those, `-100` the last hundred.
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    pub(crate) range: Option<crate::cat::ByteRange>,
    #[command(flatten)]
    pub(crate) offline: OfflineArgs,
    #[command(flatten)]
    pub(crate) rate: RateArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Tell where the cache is, and how much it holds.
    Info,
    /// Remove what was not used for longest, but nothing that a running program uses.
    Clean(CleanArgs),
    /// Read the cache byte by byte, and remove what is wrong.
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfficialCacheCommand {
    /// Remove what was not used for longest, but nothing that a running program uses.
    Cleanup(CleanupArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CleanArgs {
    /// What may stay: `10GB`, `500MiB`; nothing by default.
    #[arg(default_value = "0", hide_default_value = true, value_name = "TARGET_SIZE", value_parser = amount)]
    pub(crate) target: u64,
    #[command(flatten)]
    pub(crate) temporary: TemporaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CleanupArgs {
    // Required, as the official client has it.
    /// What may stay: `10GB`, `500MiB`.
    #[arg(value_name = "TARGET_SIZE", value_parser = amount)]
    pub(crate) target: u64,
    #[command(flatten)]
    pub(crate) temporary: TemporaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TemporaryArgs {
    /// Also remove unfinished files that nobody has written to for an hour.
    #[arg(long = "remove-temp", overrides_with = "_stays")]
    pub(crate) is_removed: bool,
    /// Leave unfinished files; that is the default.
    #[arg(long = "no-remove-temp", overrides_with = "is_removed")]
    pub(crate) _stays: bool,
}

fn amount(text: &str) -> Result<u64, wandb_rs::Unusable> {
    settings::bytes(text)
}
