//! `wandb-rs artifact put --partial` and `artifact finish`: one version from several writers.

use serde::Serialize;
use wandb_rs::{Alias, ArtifactName};

use super::args::FinishArgs;
use super::put::unless_interrupted;
use super::{Exit, Failure, Printer, text};
use wandb_rs::{Artifact, Client, Error, Logged, PartialOptions, Run, Upserted};

/// The output of `put --partial --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShareAnswer {
    /// Address of the collection.
    address: String,
    #[serde(rename = "type")]
    artifact_type: String,
    /// The group of the writers.
    group: String,
    /// Digest of the partial version's entries, in hex.
    digest: String,
    file_count: u64,
    /// Bytes of the partial version's entries.
    size: u64,
    /// Files and bytes whose content the store did not have before.
    new_files: u64,
    new_bytes: u64,
    /// Files and bytes whose content the store had.
    reused_files: u64,
    reused_bytes: u64,
    /// Folder or URL of the registry.
    store: String,
    partial: bool,
}

/// The output of `finish --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FinishAnswer {
    /// Address that will always mean the version.
    address: String,
    /// The version, such as `v3`.
    version: String,
    #[serde(rename = "type")]
    artifact_type: String,
    /// The group of the writers.
    group: String,
    /// Digest of all entries, in hex.
    digest: String,
    file_count: u64,
    /// Bytes of all entries.
    size: u64,
    /// Whether the collection had a version with this digest already.
    deduplicated: bool,
    aliases: Vec<String>,
    /// Folder or URL of the registry.
    store: String,
}

/// Returns the group of the writers: that of the flag, else that of the settings.
pub(super) fn group(
    flag: Option<&str>,
    name: &ArtifactName,
    client: &Client,
) -> Result<String, Error> {
    let settings = client.settings().run_group.as_deref();
    let named = flag.or(settings).filter(|group| !group.is_empty());
    named
        .map(str::to_owned)
        .ok_or_else(|| Error::NoGroup { name: name.clone() })
}

/// Stores a partial version.
pub(super) async fn put(
    run: Run,
    artifact: Artifact,
    aliases: Vec<Alias>,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let address = format!("{}/{}", run.address().project, artifact.name());
    let artifact_type = artifact.artifact_type().to_string();
    let upsert = run.upsert_artifact_with(artifact, PartialOptions::new().aliases(aliases));
    let (partial, finished) = unless_interrupted(run, upsert.into_future(), printer).await?;
    report_partial(partial, address, artifact_type, client, printer);
    finished?;
    Ok(Exit::Done)
}

/// Makes a version of all partial ones.
pub(super) async fn finish(
    args: FinishArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if args.name.selector().is_some() {
        let whole = args.name.to_string();
        let collection = whole.split(':').next().unwrap_or_default();
        return Err(Failure::new(
            format!("{whole} names a version, but the registry numbers versions itself"),
            format!("leave the version out: `{}`", text::shell_word(collection)),
        ));
    }
    let mut artifact = Artifact::new(args.name.name().clone(), args.artifact_type)?;
    if let Some(description) = args.description {
        artifact = artifact.description(description);
    }
    let group = group(args.group.as_deref(), artifact.name(), client)?;
    let project = client.qualify(args.name).await?.project;
    let run = client
        .init()
        .entity(project.entity)
        .project(project.project)
        .job_type("cli_finish")
        .group(&group);
    let run = run.start().await?;
    let options = PartialOptions::new().aliases(args.alias);
    let finish = run.finish_artifact_with(artifact, options).details();
    let (logged, finished) = unless_interrupted(run, finish, printer).await?;
    tell_version(&logged, group, client, printer);
    finished?;
    Ok(Exit::Done)
}

fn report_partial(
    partial: Upserted,
    address: String,
    artifact_type: String,
    client: &Client,
    printer: &Printer,
) {
    let stats = partial.stats;
    let answer = ShareAnswer {
        address,
        artifact_type,
        group: partial.distributed_id,
        digest: partial.digest.to_string(),
        file_count: partial.file_count,
        size: partial.size,
        new_files: stats.new_files,
        new_bytes: stats.new_bytes,
        reused_files: stats.reused_files,
        reused_bytes: stats.reused_bytes,
        store: client.location(),
        partial: true,
    };
    printer.answer(&answer, || {
        format!(
            "Stored a partial version of {} ({}) of group {}\n  digest  {}\n  files   {}, {}\n  stored  {} new ({}), {} already stored ({})\n  store   {}\nWhen all partial versions are stored, finish the version with:\n  wandb-rs artifact finish {} --type {} --group {}{}\n",
            answer.address,
            answer.artifact_type,
            answer.group,
            answer.digest,
            answer.file_count,
            text::size(answer.size),
            text::count(answer.new_files, "file"),
            text::size(answer.new_bytes),
            text::count(answer.reused_files, "file"),
            text::size(answer.reused_bytes),
            answer.store,
            text::shell_word(&answer.address),
            text::shell_word(&answer.artifact_type),
            text::shell_word(&answer.group),
            store_flag(client),
        )
    });
}

fn tell_version(logged: &Logged, group: String, client: &Client, printer: &Printer) {
    let artifact = &logged.artifact;
    let answer = FinishAnswer {
        address: artifact.to_string(),
        version: artifact.version.to_string(),
        artifact_type: artifact.artifact_type.to_string(),
        group,
        digest: artifact.digest.to_string(),
        file_count: artifact.file_count,
        size: artifact.size,
        deduplicated: logged.is_deduplicated,
        aliases: artifact.aliases.iter().map(ToString::to_string).collect(),
        store: client.location(),
    };
    printer.answer(&answer, || {
        let remark = if answer.deduplicated {
            ", which was there already"
        } else {
            ""
        };
        format!(
            "Finished {} ({}) of group {}{remark}\n  digest  {}\n  files   {}, {}\n  store   {}\nGet it back with:\n  wandb-rs artifact get {}{}\n",
            answer.address,
            answer.artifact_type,
            answer.group,
            answer.digest,
            answer.file_count,
            text::size(answer.size),
            answer.store,
            text::shell_word(&answer.address),
            store_flag(client),
        )
    });
}

/// Returns how the next command finds the same store.
fn store_flag(client: &Client) -> String {
    client.store().map_or_else(String::new, |store| {
        format!(" --store {}", text::shell_word(&store.to_string_lossy()))
    })
}
