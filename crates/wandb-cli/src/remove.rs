//! `wandb-rs artifact rm`: deletes versions, or the links to them.

use clap::Args;
use serde::Serialize;
use wandb_rs::{AliasedDeletion, ArtifactAddress, Client};

use super::{Exit, Failure, Printer};

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Addresses of the versions, each with its version or alias: `[[entity/]project/]name:vN`.
    #[arg(required = true, value_name = "ADDRESS")]
    pub(crate) addresses: Vec<ArtifactAddress>,
    /// Delete versions that bear aliases, too.
    #[arg(long)]
    pub(crate) delete_aliases: bool,
}

/// The output of `rm --json` and `unlink --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Removed {
    pub(crate) removed: Vec<Removal>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Removal {
    pub(crate) address: String,
    /// Whether it was a link, so that the version itself remains.
    pub(crate) was_link: bool,
}

impl Removed {
    pub(crate) fn people(&self) -> String {
        let lines = self.removed.iter().map(|removal| {
            if removal.was_link {
                format!("unlinked {}\n", removal.address)
            } else {
                format!("deleted {}\n", removal.address)
            }
        });
        lines.collect()
    }
}

pub(super) async fn run(args: RmArgs, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    if let Some(open) = args.addresses.iter().find(|it| it.selector().is_none()) {
        return Err(Failure::new(
            format!("{open} names no version to delete"),
            format!("name it, as in `{open}:v0`; `wandb-rs artifact collection rm` deletes all"),
        ));
    }
    let aliased = if args.delete_aliases {
        AliasedDeletion::DeleteAliases
    } else {
        AliasedDeletion::Refuse
    };
    // All are looked up before any is deleted: an alias moves when its version goes.
    let mut found = Vec::with_capacity(args.addresses.len());
    for address in args.addresses {
        let artifact = client.artifact(address).await?;
        let was_link = artifact.is_link().await?;
        if !was_link && !args.delete_aliases && !artifact.aliases.is_empty() {
            let names = artifact.aliases.iter().map(ToString::to_string);
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(Failure::new(
                format!("{artifact} has aliases: {names}; nothing was deleted"),
                "use `--delete-aliases` to delete it with them",
            ));
        }
        found.push((artifact, was_link));
    }
    let mut removed = Vec::with_capacity(found.len());
    for (artifact, was_link) in found {
        let address = artifact.to_string();
        artifact.delete(aliased).await?;
        removed.push(Removal { address, was_link });
    }
    let answer = Removed { removed };
    printer.answer(&answer, || answer.people());
    Ok(Exit::Done)
}
