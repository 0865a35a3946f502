//! `wandb-rs artifact collection`: lists, changes and deletes collections.

use clap::{Args, Subcommand};
use serde::Serialize;
use wandb_rs::api::{Collection, CollectionKind};
use wandb_rs::{ArtifactName, Client, CollectionEdits, Tag};

use super::{Exit, Failure, Printer, text};

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
    /// A field after `+` or `-`, such as `-updated_at`; by name by default.
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

pub(super) async fn run(
    command: CollectionCommand,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match command {
        CollectionCommand::Ls(args) => list(args, client, printer).await,
        CollectionCommand::Update(args) => update(args, client, printer).await,
        CollectionCommand::Rm(args) => remove(args, client, printer).await,
    }
}

/// A collection, as `--json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// `entity/project/name`.
    address: String,
    /// `sequence`, in which versions are made, or `portfolio`, to which they are linked.
    kind: &'static str,
    #[serde(rename = "type")]
    artifact_type: String,
    versions: u64,
    description: Option<String>,
    tags: Vec<String>,
    created_at: String,
    updated_at: String,
}

/// The output of `collection ls --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    collections: Vec<Row>,
}

fn row(collection: &Collection) -> Row {
    Row {
        address: collection.to_string(),
        kind: collection.kind.as_str(),
        artifact_type: collection.artifact_type.to_string(),
        versions: collection.version_count,
        description: collection.description.clone(),
        tags: collection.tags.iter().map(ToString::to_string).collect(),
        created_at: text::time(collection.created_at),
        updated_at: text::time(collection.updated_at),
    }
}

fn table(rows: &[Row]) -> String {
    let title = ["COLLECTION", "KIND", "TYPE", "VERSIONS", "TAGS", "UPDATED"].map(str::to_owned);
    let rows = rows.iter().map(|row| {
        [
            row.address.clone(),
            row.kind.to_owned(),
            row.artifact_type.clone(),
            row.versions.to_string(),
            if row.tags.is_empty() {
                "-".to_owned()
            } else {
                row.tags.join(",")
            },
            row.updated_at.clone(),
        ]
    });
    text::table(&std::iter::once(title).chain(rows).collect::<Vec<_>>())
}

async fn list(args: CollectionLsArgs, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    let api = client.api();
    let mut listing = api.artifact_collections(&args.path, None).await?;
    if let Some(filter) = args.filter {
        listing = listing.filter(filter);
    }
    if let Some(order) = args.order {
        listing = listing.order(order);
    }
    let found = listing.all().await?;
    let answer = Listed {
        collections: found.iter().map(row).collect(),
    };
    printer.answer(&answer, || table(&answer.collections));
    printer.remark(&format!("store: {}", client.location()));
    Ok(Exit::Done)
}

async fn update(
    args: CollectionUpdateArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let edits = CollectionEdits {
        name: args.name,
        description: args.description,
        tags_to_add: args.add_tag,
        tags_to_delete: args.remove_tag,
    };
    if edits == CollectionEdits::default() {
        return Err(Failure::new(
            format!("no changes given for {}", args.collection),
            "`wandb-rs artifact collection update --help` lists what can",
        ));
    }
    let mut collection = client.api().artifact_collection(&args.collection).await?;
    collection.edit(edits).await?;
    let answer = row(&collection);
    printer.answer(&answer, || table(std::slice::from_ref(&answer)));
    Ok(Exit::Done)
}

async fn remove(
    args: CollectionRmArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let collection = client.api().artifact_collection(&args.collection).await?;
    let goes_with_versions =
        collection.kind == CollectionKind::Sequence && 0 < collection.version_count;
    if goes_with_versions && !args.delete_versions {
        return Err(Failure::new(
            format!(
                "{collection} has {}, which would be deleted with it; nothing was deleted",
                text::count(collection.version_count, "version")
            ),
            "use `--delete-versions` to delete them all",
        ));
    }
    let answer = row(&collection);
    collection.delete().await?;
    printer.answer(&answer, || format!("deleted {}\n", answer.address));
    Ok(Exit::Done)
}
