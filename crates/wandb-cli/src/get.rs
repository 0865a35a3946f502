//! `wandb-rs artifact get`: downloads versions.

use serde::Serialize;
use wandb_rs::Fetched;
use wandb_rs::{ArtifactAddress, ArtifactType};

use super::args::GetArgs;
use super::{Exit, Failure, Printer, reading, text};
use wandb_rs::{Client, ClientBuilder, Error, LoggedArtifact, Settings};

/// The output of `get --json` of one version.
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
    /// The time of the server's answer that resolved the alias, if it comes from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<String>,
}

/// The output of `get --json` of several versions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    /// The downloaded versions, in the order of the addresses.
    artifacts: Vec<Answer>,
    /// The failures.
    failed: Vec<FailedAnswer>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailedAnswer {
    /// As it was typed.
    address: String,
    error: String,
}

pub(super) async fn run(
    args: GetArgs,
    builder: ClientBuilder,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let client = reading::client(builder, settings, args.offline, &args.addresses, printer).await?;
    if let [_] = &*args.addresses {
        one(args, &client, printer).await
    } else {
        many(args, &client, printer).await
    }
}

/// Applies the flags to a download, of one version or of many.
macro_rules! wanted {
    ($download:expr, $args:expr) => {{
        let mut download = $download;
        if let Some(root) = $args.root {
            download = download.to(root);
        }
        if let Some(prefix) = $args.path_prefix {
            download = download.path_prefix(prefix);
        }
        for pattern in $args.include {
            download = download.include(pattern);
        }
        for pattern in $args.exclude {
            download = download.exclude(pattern);
        }
        if $args.exact {
            download = download.exact();
        }
        if $args.portable {
            download = download.portable();
        }
        if $args.allow_local_references {
            download = download.allow_local_references();
        }
        download
    }};
}

async fn one(mut args: GetArgs, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    let address = args.addresses.remove(0);
    let artifact = client.pinned(address.clone()).await?;
    reading::note_age(&address, &artifact, printer);
    check_type(&artifact, args.artifact_type.as_ref())?;
    let fetched = wanted!(artifact.download(), args).await?;
    let answer = answer(&artifact, &fetched, client);
    printer.answer(&answer, || told(&answer));
    Ok(Exit::Done)
}

async fn many(args: GetArgs, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    if let Some(wanted) = &args.artifact_type {
        // Before anything is downloaded; missing versions are reported with the others.
        for artifact in client.find_all(&args.addresses).await?.iter().flatten() {
            check_type(artifact, Some(wanted))?;
        }
    }
    let addresses = args.addresses.clone();
    let download = client.download_all(addresses.clone())?;
    let outcomes = wanted!(download, args).await?;
    let mut answers = Answers {
        artifacts: Vec::new(),
        failed: Vec::new(),
    };
    let mut hints = Vec::new();
    for (address, outcome) in addresses.iter().zip(outcomes) {
        match outcome {
            Ok(downloaded) => {
                reading::note_age(address, &downloaded.artifact, printer);
                let one = answer(&downloaded.artifact, &downloaded.fetched, client);
                answers.artifacts.push(one);
            }
            Err(error) => answers.failed.push(failure(address, error, &mut hints)),
        }
    }
    printer.answer(&answers, || {
        answers.artifacts.iter().map(told).collect::<String>()
    });
    for FailedAnswer { address, error } in &answers.failed {
        Printer::complain(&format!("error: {address}: {error}"));
    }
    for hint in hints {
        Printer::complain(&format!("\nhint: {hint}"));
    }
    Ok(if answers.failed.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn failure(address: &ArtifactAddress, error: Error, hints: &mut Vec<String>) -> FailedAnswer {
    let (error, hint) = Failure::from(error).told();
    // Once, however many have it.
    hints.extend(hint.filter(|hint| !hints.contains(hint)));
    FailedAnswer {
        address: address.to_string(),
        error,
    }
}

fn check_type(artifact: &LoggedArtifact, wanted: Option<&ArtifactType>) -> Result<(), Error> {
    match wanted {
        Some(wanted) if *wanted != artifact.artifact_type => Err(Error::TypeMismatch {
            address: artifact.to_string(),
            found: artifact.artifact_type.clone(),
            wanted: wanted.clone(),
        }),
        _ => Ok(()),
    }
}

fn answer(artifact: &LoggedArtifact, fetched: &Fetched, client: &Client) -> Answer {
    Answer {
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
        recorded_at: artifact.recorded_at().map(text::time),
    }
}

fn told(answer: &Answer) -> String {
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
}
