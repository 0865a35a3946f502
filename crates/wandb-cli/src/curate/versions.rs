//! Versions: changing, deleting, linking and copying them.

use serde::Serialize;
use serde_json::Value;

use super::args::{CpArgs, LinkArgs, RmArgs, UnlinkArgs, UpdateArgs};
use crate::{Exit, Failure, Printer, put, text};
use wandb_rs::{AliasedDeletion, ArtifactChanges, Client, LoggedArtifact, Metadata, Ttl};

/// What `update --json` and `link --json` print.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean the version, in the collection in which it was found.
    address: String,
    version: String,
    aliases: Vec<String>,
    tags: Vec<String>,
    description: Option<String>,
    metadata: Value,
    /// Seconds, or `inherit` or `disabled`.
    ttl: Value,
}

impl Answer {
    fn of(artifact: &LoggedArtifact) -> Self {
        Self {
            address: artifact.to_string(),
            version: artifact.version.to_string(),
            aliases: artifact.aliases.iter().map(ToString::to_string).collect(),
            tags: artifact.tags.iter().map(ToString::to_string).collect(),
            description: artifact.description.clone(),
            metadata: Value::Object(artifact.metadata.as_map().clone()),
            ttl: match artifact.ttl {
                Ttl::Inherit => "inherit".into(),
                Ttl::Disabled => "disabled".into(),
                Ttl::Seconds(seconds) => seconds.into(),
            },
        }
    }

    fn people(&self) -> String {
        let listed = |items: &[String]| match items {
            [] => "-".to_owned(),
            items => items.join(", "),
        };
        let ttl = self.ttl.as_str().map(ToOwned::to_owned);
        let rows = [
            ["  aliases".to_owned(), listed(&self.aliases)],
            ["  tags".to_owned(), listed(&self.tags)],
            [
                "  description".to_owned(),
                self.description.clone().unwrap_or_else(|| "-".to_owned()),
            ],
            ["  metadata".to_owned(), self.metadata.to_string()],
            [
                "  ttl".to_owned(),
                ttl.unwrap_or_else(|| format!("{} s", self.ttl)),
            ],
        ];
        format!("{}\n{}", self.address, text::table(&rows))
    }
}

pub(super) async fn update(
    args: UpdateArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let metadata = match &args.metadata {
        Some(text) => {
            let value = put::read_metadata(text)?;
            Some(Metadata::try_from(value).map_err(wandb_rs::Error::from)?)
        }
        None => None,
    };
    let changes = ArtifactChanges {
        description: args.description,
        metadata,
        ttl: args.ttl,
        aliases_to_add: args.add_alias,
        aliases_to_delete: args.remove_alias,
        tags_to_add: args.add_tag,
        tags_to_delete: args.remove_tag,
    };
    if changes == ArtifactChanges::default() {
        return Err(Failure::new(
            format!("nothing was said that is to change of {}", args.address),
            "`wandb-rs artifact update --help` lists what can",
        ));
    }
    let mut artifact = client.artifact(args.address).await?;
    artifact.update(changes).await?;
    let answer = Answer::of(&artifact);
    printer.answer(&answer, || answer.people());
    Ok(Exit::Done)
}

/// What `rm --json` and `unlink --json` print.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    removed: Vec<Removal>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Removal {
    address: String,
    /// Whether it was a link: the version itself is still where it was made.
    was_link: bool,
}

impl Removed {
    fn people(&self) -> String {
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

pub(super) async fn remove(
    args: RmArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if let Some(open) = args.addresses.iter().find(|it| it.selector().is_none()) {
        return Err(Failure::new(
            format!("{open} does not say which version to delete"),
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
                "say `--delete-aliases` to delete it with them",
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

pub(super) async fn link(
    args: LinkArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.source).await?;
    let linked = artifact.link(&args.target, &args.alias).await?;
    let answer = Answer::of(&linked);
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

/// What `cp --json` prints.
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
    /// Whether the collection had it already.
    was_there: bool,
    new_files: u64,
    new_bytes: u64,
    reused_files: u64,
    reused_bytes: u64,
}

pub(super) async fn copy(
    args: CpArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
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
