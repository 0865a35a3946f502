//! `wandb-rs artifact cp`: copies versions to another collection.

use clap::Args;
use serde::Serialize;
use wandb_rs::{ArtifactAddress, Client};

use super::args::RateArgs;
use super::{Exit, Failure, Printer, text};

#[derive(Debug, Args)]
pub(crate) struct CpArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: ArtifactAddress,
    /// The collection to copy to: `[[entity/]project/]name`.
    #[arg(value_name = "COLLECTION")]
    pub(crate) target: String,
    /// Every version of the source's collection, the oldest first.
    #[arg(long)]
    pub(crate) all_versions: bool,
    #[command(flatten)]
    pub(crate) rate: RateArgs,
}

/// The output of `cp --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CopyAnswer {
    versions: Vec<Copied>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied {
    /// Address that will always mean the original.
    source: String,
    /// Address that will always mean the copy.
    address: String,
    /// Whether the collection had the version already.
    was_there: bool,
    new_files: u64,
    new_bytes: u64,
    reused_files: u64,
    reused_bytes: u64,
}

pub(super) async fn run(args: CpArgs, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    let (project, name) = client.qualify_collection(&args.target).await?;
    let mut transfer = client
        .copy_to(client, args.source)
        .entity(project.entity)
        .project(project.project)
        .name(name);
    if args.all_versions {
        transfer = transfer.all_versions();
    }
    let moved = transfer.await?.into_iter().map(|moved| Copied {
        source: moved.source.to_string(),
        address: moved.artifact.to_string(),
        was_there: moved.was_there,
        new_files: moved.stats.new_files,
        new_bytes: moved.stats.new_bytes,
        reused_files: moved.stats.reused_files,
        reused_bytes: moved.stats.reused_bytes,
    });
    let answer = CopyAnswer {
        versions: moved.collect(),
    };
    printer.answer(&answer, || {
        let lines = answer.versions.iter().map(|copied| {
            let outcome = if copied.was_there {
                "was there already".to_owned()
            } else {
                let moved = text::size(copied.new_bytes);
                let kept = text::size(copied.reused_bytes);
                format!("{moved} new, {kept} there already")
            };
            format!("{} is {}: {outcome}\n", copied.source, copied.address)
        });
        lines.collect()
    });
    Ok(Exit::Done)
}
