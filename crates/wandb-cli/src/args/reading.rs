//! Arguments of reading versions, and of the cache.

use clap::{Args, Subcommand};
use wandb_rs::ArtifactAddress;

use super::RateArgs;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OfflineArgs {
    /// Use only the cache and no server; an alias means the version that it meant at the last request.
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
    /// Show the location and the size of the cache.
    Info,
    /// Remove what was not used for longest, but nothing that a running program uses.
    Clean(CleanArgs),
    /// Verify the cache byte by byte, and remove damaged entries.
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfficialCacheCommand {
    /// Remove what was not used for longest, but nothing that a running program uses.
    Cleanup(CleanupArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CleanArgs {
    /// Size to keep: `10GB`, `500MiB`; nothing by default.
    #[arg(default_value = "0", hide_default_value = true, value_name = "TARGET_SIZE", value_parser = amount)]
    pub(crate) target: u64,
    #[command(flatten)]
    pub(crate) temporary: TemporaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CleanupArgs {
    // Required, as the official client has it.
    /// Size to keep: `10GB`, `500MiB`.
    #[arg(value_name = "TARGET_SIZE", value_parser = amount)]
    pub(crate) target: u64,
    #[command(flatten)]
    pub(crate) temporary: TemporaryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TemporaryArgs {
    /// Also remove unfinished files that were not written to for an hour.
    #[arg(long = "remove-temp", overrides_with = "_stays")]
    pub(crate) is_removed: bool,
    /// Leave unfinished files; that is the default.
    #[arg(long = "no-remove-temp", overrides_with = "is_removed")]
    pub(crate) _stays: bool,
}

fn amount(text: &str) -> Result<u64, wandb_rs::Unusable> {
    settings::bytes(text)
}
