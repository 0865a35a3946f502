//! `wandb-rs artifact refs freeze`: logs the content of what a version refers to.

use serde::Serialize;

use super::args::FreezeArgs;
use crate::{Exit, Failure, Printer, text};
use wandb_rs::Client;

/// The output of `refs freeze --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean the new version.
    address: String,
    version: String,
    /// Address of the version whose references were frozen.
    source: String,
    /// Digest of all entries, in hex.
    digest: String,
    file_count: u64,
    /// Bytes of all entries.
    size: u64,
    /// Whether the collection had a version with this digest already.
    deduplicated: bool,
    /// Files and bytes whose content the store did not have before.
    new_files: u64,
    new_bytes: u64,
    aliases: Vec<String>,
    store: String,
}

pub(super) async fn run(
    args: FreezeArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let source = client.artifact(args.address).await?;
    let mut freeze = source.freeze_references();
    if let Some(name) = args.name {
        freeze = freeze.name(name);
    }
    for alias in args.alias {
        freeze = freeze.alias(alias);
    }
    if args.allow_local_references {
        freeze = freeze.allow_local_references();
    }
    let logged = freeze.await?;
    let artifact = &logged.artifact;
    let answer = Answer {
        address: artifact.to_string(),
        version: artifact.version.to_string(),
        source: source.to_string(),
        digest: artifact.digest.to_string(),
        file_count: artifact.file_count,
        size: artifact.size,
        deduplicated: logged.is_deduplicated,
        new_files: logged.stats.new_files,
        new_bytes: logged.stats.new_bytes,
        aliases: artifact.aliases.iter().map(ToString::to_string).collect(),
        store: client.location(),
    };
    printer.answer(&answer, || {
        let outcome = if answer.deduplicated {
            "unchanged: this version was there already".to_owned()
        } else {
            format!(
                "{} new ({})",
                text::count(answer.new_files, "file"),
                text::size(answer.new_bytes)
            )
        };
        format!(
            "Logged {}, with the content of {}\n  digest  {}\n  files   {}, {}\n  stored  {outcome}\n  store   {}\n",
            answer.address,
            answer.source,
            answer.digest,
            answer.file_count,
            text::size(answer.size),
            answer.store,
        )
    });
    Ok(Exit::Done)
}
