//! `wandb-rs artifact info`: shows the metadata of a version.

use serde::Serialize;
use serde_json::Value;
use wandb_rs::Manifest;

use super::args::InfoArgs;
use super::{Exit, Failure, Printer, text};
use wandb_rs::{Client, Error, LoggedArtifact, Ttl};

/// The output of `info --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean this version.
    address: String,
    version: String,
    /// The prefix of the URIs by which other artifacts refer to its entries: `URI/PATH`.
    uri: String,
    #[serde(rename = "type")]
    artifact_type: String,
    /// Digest of all entries, in hex.
    digest: String,
    digest_algorithm: &'static str,
    file_count: u64,
    size: u64,
    aliases: Vec<String>,
    tags: Vec<String>,
    description: Option<String>,
    metadata: Value,
    /// Seconds, or `inherit` or `disabled`.
    ttl: Value,
    created_at: String,
    updated_at: String,
    /// `entity/project/id` of the run that logged it.
    logged_by: Option<String>,
    /// The same of the runs that use it.
    used_by: Vec<String>,
    store: String,
    /// The manifest as in its file; only with `--manifest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Value>,
}

pub(super) async fn run(
    args: InfoArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let artifact = client.artifact(args.address).await?;
    let manifest = if args.manifest {
        Some(artifact.manifest().await?)
    } else {
        None
    };
    let answer = answer(&artifact, manifest.as_ref(), client).await?;
    printer.answer(&answer, || people(&answer, manifest.as_ref()));
    Ok(Exit::Done)
}

async fn answer(
    artifact: &LoggedArtifact,
    manifest: Option<&Manifest>,
    client: &Client,
) -> Result<Answer, Error> {
    Ok(Answer {
        address: artifact.to_string(),
        version: artifact.version.to_string(),
        uri: artifact.uri()?,
        artifact_type: artifact.artifact_type.to_string(),
        digest: artifact.digest.to_string(),
        digest_algorithm: artifact.algorithm.as_str(),
        file_count: artifact.file_count,
        size: artifact.size,
        aliases: artifact.aliases.iter().map(ToString::to_string).collect(),
        tags: artifact.tags.iter().map(ToString::to_string).collect(),
        description: artifact.description.clone(),
        metadata: Value::Object(artifact.metadata.as_map().clone()),
        ttl: match artifact.ttl {
            Ttl::Inherit => "inherit".into(),
            Ttl::Disabled => "disabled".into(),
            Ttl::Seconds(seconds) => seconds.into(),
        },
        created_at: text::time(artifact.created_at),
        updated_at: text::time(artifact.updated_at),
        logged_by: artifact
            .logged_by()
            .await?
            .map(|run| run.address.to_string()),
        used_by: artifact
            .used_by()
            .await?
            .iter()
            .map(|run| run.address.to_string())
            .collect(),
        store: client.location(),
        manifest: manifest.map(to_json),
    })
}

/// Returns the manifest as its file has it.
fn to_json(manifest: &Manifest) -> Value {
    let bytes = manifest.write(Vec::new()).expect("memory takes all bytes");
    serde_json::from_slice(&bytes).expect("a manifest file is JSON")
}

fn people(answer: &Answer, manifest: Option<&Manifest>) -> String {
    let ttl = answer
        .ttl
        .as_str()
        .map_or_else(|| format!("{} s", answer.ttl), ToOwned::to_owned);
    let listed = |items: &[String]| {
        if items.is_empty() {
            "-".to_owned()
        } else {
            items.join(", ")
        }
    };
    let rows = [
        ["type", &answer.artifact_type],
        [
            "digest",
            &format!("{} ({})", answer.digest, answer.digest_algorithm),
        ],
        [
            "files",
            &format!("{}, {}", answer.file_count, text::size(answer.size)),
        ],
        ["aliases", &listed(&answer.aliases)],
        ["tags", &listed(&answer.tags)],
        ["description", answer.description.as_deref().unwrap_or("-")],
        ["metadata", &answer.metadata.to_string()],
        ["ttl", &ttl],
        ["uri", &answer.uri],
        ["created", &answer.created_at],
        ["logged by", answer.logged_by.as_deref().unwrap_or("-")],
        ["used by", &listed(&answer.used_by)],
        ["store", &answer.store],
    ]
    .map(|[key, value]| [format!("  {key}"), value.to_owned()]);
    let mut text = format!("{}\n{}", answer.address, text::table(&rows));
    let entries = manifest.into_iter().flat_map(Manifest::iter);
    let rows: Vec<_> = entries
        .map(|(path, entry)| {
            let size = entry.size.map_or_else(|| "-".into(), text::size);
            let reference = entry
                .reference
                .as_ref()
                .map(|uri| format!("-> {uri}"))
                .unwrap_or_default();
            [
                format!("  {}", entry.digest),
                size,
                path.to_string(),
                reference,
            ]
        })
        .collect();
    text.push_str(&text::table(&rows));
    text
}
