//! What can be said of lineage.

use artifact_core::ArtifactAddress;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct LineageArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(in crate::cli) address: ArtifactAddress,
    /// Only what the version was made of.
    #[arg(long, conflicts_with = "down")]
    pub(in crate::cli) up: bool,
    /// Only what was made of the version.
    #[arg(long)]
    pub(in crate::cli) down: bool,
    /// Go over so many runs at most [default: to the end].
    #[arg(long, value_name = "RUNS")]
    pub(in crate::cli) depth: Option<u32>,
    /// How it is drawn; `--json` is the same as `json`.
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
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
pub(in crate::cli) struct WhyArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(in crate::cli) address: ArtifactAddress,
    /// Go back over so many runs at most [default: to the beginning].
    #[arg(long, value_name = "RUNS")]
    pub(in crate::cli) depth: Option<u32>,
}
