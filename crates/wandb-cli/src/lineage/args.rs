//! Arguments of lineage.

use clap::{Args, ValueEnum};
use wandb_rs::ArtifactAddress;

#[derive(Debug, Args)]
pub(crate) struct LineageArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(crate) address: ArtifactAddress,
    /// Only what the version was made of.
    #[arg(long, conflicts_with = "down")]
    pub(crate) up: bool,
    /// Only what was made of the version.
    #[arg(long)]
    pub(crate) down: bool,
    /// Go over so many runs at most [default: to the end].
    #[arg(long, value_name = "RUNS")]
    pub(crate) depth: Option<u32>,
    /// Output format; `--json` is the same as `json`.
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For the terminal.
    Tree,
    /// For Graphviz.
    Dot,
    /// For Mermaid.
    Mermaid,
    /// One JSON object.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(crate) address: ArtifactAddress,
    /// Go back over so many runs at most [default: to the beginning].
    #[arg(long, value_name = "RUNS")]
    pub(crate) depth: Option<u32>,
}
