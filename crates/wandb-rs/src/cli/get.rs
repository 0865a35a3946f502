//! `wandb-rs artifact get`: brings a version into a folder.

use serde::Serialize;

use super::args::GetArgs;
use super::{Exit, Failure, Printer, text};
use crate::{Client, Error};

/// What `get --json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean this version.
    address: String,
    version: String,
    digest: String,
    /// The folder.
    root: String,
    /// Files that were placed, and their bytes.
    placed_files: u64,
    placed_bytes: u64,
    /// Files that were right already, and their bytes.
    kept_files: u64,
    kept_bytes: u64,
    /// Files that `--exact` removed.
    removed: Vec<String>,
    store: String,
}

pub(super) async fn run(
    args: GetArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    if let Some(wanted) = args.artifact_type
        && wanted != artifact.artifact_type
    {
        return Err(Error::TypeMismatch {
            address: artifact.to_string(),
            found: artifact.artifact_type.clone(),
            wanted,
        }
        .into());
    }
    let mut download = artifact.download();
    if let Some(root) = args.root {
        download = download.to(root);
    }
    if let Some(prefix) = args.path_prefix {
        download = download.path_prefix(prefix);
    }
    for pattern in args.include {
        download = download.include(pattern);
    }
    if args.exact {
        download = download.exact();
    }
    if args.allow_local_references {
        download = download.allow_local_references();
    }
    let fetched = download.await?;
    let answer = Answer {
        address: artifact.to_string(),
        version: artifact.version.to_string(),
        digest: artifact.digest.to_string(),
        root: fetched.root.display().to_string(),
        placed_files: fetched.placed_files,
        placed_bytes: fetched.placed_bytes,
        kept_files: fetched.kept_files,
        kept_bytes: fetched.kept_bytes,
        removed: fetched.removed.iter().map(ToString::to_string).collect(),
        store: client.location(),
    };
    printer.answer(&answer, || {
        let removed = match answer.removed.len() {
            0 => String::new(),
            count => format!(", {} removed", text::count(count as u64, "file")),
        };
        format!(
            "{} is in {}\n  files   {} placed ({}), {} right already{removed}\n  store   {}\n",
            answer.address,
            answer.root,
            answer.placed_files,
            text::size(answer.placed_bytes),
            answer.kept_files,
            answer.store,
        )
    });
    Ok(Exit::Done)
}
