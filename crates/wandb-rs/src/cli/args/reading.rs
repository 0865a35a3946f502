//! What can be said of reading versions, and of the cache.

use artifact_core::ArtifactAddress;
use clap::{Args, Subcommand};

use super::RateArgs;

#[derive(Debug, Clone, Copy, Args)]
pub(in crate::cli) struct OfflineArgs {
    /// Ask no server: what is cached is all there is, and an alias means what it meant when the server was asked last.
    #[arg(long = "offline")]
    pub(in crate::cli) is_offline: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CatArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(in crate::cli) address: ArtifactAddress,
    /// Path of the file in the version.
    pub(in crate::cli) path: String,
    /// Only these bytes, counted from 0: `0-99` the first hundred, `100-` all but those, `-100` the last hundred.
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    pub(in crate::cli) range: Option<crate::cli::cat::ByteRange>,
    #[command(flatten)]
    pub(in crate::cli) offline: OfflineArgs,
    #[command(flatten)]
    pub(in crate::cli) rate: RateArgs,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CacheCommand {
    /// Tell where the cache is, and how much it holds.
    Info,
    /// Remove what was not used for longest, but nothing that a running program uses.
    Clean(CleanArgs),
    /// Read the cache byte by byte, and remove what is wrong.
    Verify,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum OfficialCacheCommand {
    /// Remove what was not used for longest, but nothing that a running program uses.
    Cleanup(CleanupArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CleanArgs {
    /// What may stay: `10GB`, `500MiB`; nothing by default.
    #[arg(default_value = "0", hide_default_value = true, value_name = "TARGET_SIZE", value_parser = amount)]
    pub(in crate::cli) target: u64,
    #[command(flatten)]
    pub(in crate::cli) temporary: TemporaryArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CleanupArgs {
    // Required, as the official client has it.
    /// What may stay: `10GB`, `500MiB`.
    #[arg(value_name = "TARGET_SIZE", value_parser = amount)]
    pub(in crate::cli) target: u64,
    #[command(flatten)]
    pub(in crate::cli) temporary: TemporaryArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TemporaryArgs {
    /// Also remove unfinished files that nobody has written to for an hour.
    #[arg(long = "remove-temp", overrides_with = "_stays")]
    pub(in crate::cli) is_removed: bool,
    /// Leave unfinished files; that is the default.
    #[arg(long = "no-remove-temp", overrides_with = "is_removed")]
    pub(in crate::cli) _stays: bool,
}

fn amount(text: &str) -> Result<u64, crate::Unusable> {
    settings::bytes(text)
}
