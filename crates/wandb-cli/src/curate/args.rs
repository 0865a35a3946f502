//! What can be said of changing, linking, copying and deleting what is there.

use clap::{Args, Subcommand};
use wandb_rs::{Alias, ArtifactAddress, ArtifactName, Tag};

use super::ttl;
use crate::args::RateArgs;
use wandb_rs::Ttl;

#[derive(Debug, Subcommand)]
pub(crate) enum CurateCommand {
    /// Change aliases, tags, TTL, description or metadata of a version.
    Update(UpdateArgs),
    /// Delete versions; of a link, only the link.
    Rm(RmArgs),
    /// Link a version to a collection, which is made where it is not there.
    Link(LinkArgs),
    /// Take a version out of a collection to which it is linked.
    Unlink(UnlinkArgs),
    /// Copy a version to another collection of the same registry.
    Cp(CpArgs),
    /// List, change and delete collections.
    #[command(subcommand)]
    Collection(CollectionCommand),
}

impl CurateCommand {
    /// Returns how many bytes a second may move.
    pub(crate) const fn limit_rate(&self) -> Option<u64> {
        match self {
            Self::Cp(args) => args.rate.limit_rate,
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(crate) address: ArtifactAddress,
    /// Alias that moves to the version; may be given more than once.
    #[arg(long, value_name = "ALIAS", value_parser = movable)]
    pub(crate) add_alias: Vec<Alias>,
    /// Alias to take away; may be given more than once.
    #[arg(long, value_name = "ALIAS")]
    pub(crate) remove_alias: Vec<Alias>,
    /// Tag to add; may be given more than once.
    #[arg(long, value_name = "TAG")]
    pub(crate) add_tag: Vec<Tag>,
    /// Tag to take away; may be given more than once.
    #[arg(long, value_name = "TAG")]
    pub(crate) remove_tag: Vec<Tag>,
    /// How long the version is kept after it was created: `30d`, `12h`, …; `inherit` what the project says, or `never` end.
    #[arg(long, value_name = "TIME|inherit|never", value_parser = ttl::parse)]
    pub(crate) ttl: Option<Ttl>,
    /// The new description.
    #[arg(short, long)]
    pub(crate) description: Option<String>,
    /// The new metadata, in whole: a JSON object, or `@FILE` that holds it.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) metadata: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Addresses of the versions, each with its version or alias: `[[entity/]project/]name:vN`.
    #[arg(required = true, value_name = "ADDRESS")]
    pub(crate) addresses: Vec<ArtifactAddress>,
    /// Delete versions that bear aliases, too.
    #[arg(long)]
    pub(crate) delete_aliases: bool,
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum CollectionCommand {
    /// List the collections of a project, also those to which versions are linked.
    Ls(CollectionLsArgs),
    /// Rename, describe or tag a collection.
    Update(CollectionUpdateArgs),
    /// Delete a collection: where versions are made in it, with all of them.
    Rm(CollectionRmArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CollectionLsArgs {
    /// The project: `[entity/]project` [default: the one that is set].
    #[arg(value_name = "PROJECT", default_value = "", hide_default_value = true)]
    pub(crate) path: String,
    /// Only collections that this lets through: `{"tags": "gold"}`.
    #[arg(long, value_name = "JSON")]
    pub(crate) filter: Option<String>,
    /// A field after `+` or `-`, such as `-updated_at`; by name unless it is said.
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub(crate) order: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CollectionUpdateArgs {
    /// The collection: `[[entity/]project/]name`.
    #[arg(value_name = "COLLECTION")]
    pub(crate) collection: String,
    /// The new name. Addresses with the old one mean nothing from then on.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<ArtifactName>,
    /// The new description.
    #[arg(short, long)]
    pub(crate) description: Option<String>,
    /// Tag to add; may be given more than once.
    #[arg(long, value_name = "TAG")]
    pub(crate) add_tag: Vec<Tag>,
    /// Tag to take away; may be given more than once.
    #[arg(long, value_name = "TAG")]
    pub(crate) remove_tag: Vec<Tag>,
}

#[derive(Debug, Args)]
pub(crate) struct CollectionRmArgs {
    /// The collection: `[[entity/]project/]name`.
    #[arg(value_name = "COLLECTION")]
    pub(crate) collection: String,
    /// Delete a collection in which versions are made, and with it all of them.
    #[arg(long)]
    pub(crate) delete_versions: bool,
}

/// Reads an alias that can be moved.
fn movable(text: &str) -> Result<Alias, String> {
    let alias: Alias = text.parse().map_err(|error| format!("{error}"))?;
    if alias == Alias::latest() {
        return Err("`latest` moves by itself, to what is logged or linked last".to_owned());
    }
    Ok(alias)
}
