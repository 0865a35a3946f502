//! Arguments of runs.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// List the runs of a project.
    Ls(RunLsArgs),
    /// List the files of a run, or download them.
    Files(RunFilesArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunLsArgs {
    /// The project: `[entity/]project` [default: the one that is set].
    #[arg(value_name = "PROJECT", default_value = "", hide_default_value = true)]
    pub(crate) path: String,
    /// Only runs that this lets through: `{"state": "finished"}`, `{"config.lr": {"$lt": 0.1}}`.
    #[arg(long, value_name = "JSON")]
    pub(crate) filter: Option<String>,
    /// A field after `+` or `-`, such as `-created_at`; the oldest first by default.
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub(crate) order: Option<String>,
    /// The most runs to list [default: all].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Go on behind an earlier list, from what it gave as `next`.
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub(crate) after: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunFilesArgs {
    /// The run: `[[entity/]project/]id`.
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// Only files whose name is like this, with `%` and `_` as in SQL: `media/%`.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) like: Option<String>,
    /// Include URLs. A direct one gives access to the file until it expires.
    #[arg(long)]
    pub(crate) urls: bool,
    /// Download the files to this folder, each verified.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) download: Option<PathBuf>,
}
