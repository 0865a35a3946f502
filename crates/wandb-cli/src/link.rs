//! `wandb-rs artifact link` and `unlink`: adds versions to other collections, and takes them out.

use clap::Args;
use wandb_rs::{Alias, ArtifactAddress, Client};

use super::remove::{Removal, Removed};
use super::update::VersionOutput;
use super::{Exit, Failure, Printer};

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: ArtifactAddress,
    /// The collection: `[[entity/]project/]name`.
    #[arg(value_name = "COLLECTION")]
    pub(crate) target: String,
    /// Alias that moves to the version in that collection; may be given more than once.
    #[arg(short, long, value_name = "ALIAS")]
    pub(crate) alias: Vec<Alias>,
}

#[derive(Debug, Args)]
pub(crate) struct UnlinkArgs {
    /// Address of the version in the collection to which it is linked: `[[entity/]project/]name:vN`.
    pub(crate) address: ArtifactAddress,
}

pub(super) async fn link(
    args: LinkArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.source).await?;
    let linked = artifact.link(&args.target, &args.alias).await?;
    let answer = VersionOutput::of(&linked);
    printer.answer(&answer, || format!("{artifact} is {linked}\n"));
    Ok(Exit::Done)
}

pub(super) async fn unlink(
    args: UnlinkArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    let address = artifact.to_string();
    artifact.unlink().await?;
    let answer = Removed {
        removed: vec![Removal {
            address,
            was_link: true,
        }],
    };
    printer.answer(&answer, || answer.people());
    Ok(Exit::Done)
}
