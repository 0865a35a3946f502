//! `wandb-rs artifact put`: logs files, folders and references.

mod contents;

use std::future::Future;

use serde::Serialize;
use serde_json::Value;

use self::contents::Item;
pub(crate) use self::contents::read_metadata;
use super::args::PutArgs;
use super::interrupt::told_to_stop;
use super::{Exit, Failure, Printer, finish, text};
use wandb_rs::StoreError;
use wandb_rs::{Client, ClientBuilder, Error, LogOptions, Logged, Run};

/// The output of `put --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean this version; with `--dry-run` that of the collection.
    address: String,
    /// The version, such as `v3`; absent with `--dry-run`.
    version: Option<String>,
    #[serde(rename = "type")]
    artifact_type: String,
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
    /// Files and bytes whose content the store had.
    reused_files: u64,
    reused_bytes: u64,
    aliases: Vec<String>,
    /// URIs of schemes without a resolver: recorded as they are, without a digest of their content.
    recorded_only: Vec<String>,
    /// Folder or URL of the registry.
    store: String,
    dry_run: bool,
}

pub(super) async fn run(
    args: PutArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (address, artifact) = (contents::address(&args)?, contents::artifact(&args)?);
    let recorded_only = recorded_only(&args, client)?;
    let project = client.qualify(address).await?.project;
    let mut run = client
        .init()
        .entity(project.entity.clone())
        .project(project.project.clone())
        .job_type("cli_put");
    if args.is_partial {
        run = run.group(finish::group(
            args.group.as_deref(),
            artifact.name(),
            client,
        )?);
    } else if let Some(group) = &args.group {
        run = run.group(group);
    }
    if let Some(id) = &args.id {
        run = run.id(id.clone());
    }
    let items = contents::items(&args)?;
    // A run's configuration is for everybody to read, so what a URI holds of secrets stays out of it.
    let paths: Vec<_> = items.iter().map(|item| Value::from(item.shown())).collect();
    let path = match paths.len() {
        // As the official client, which takes one alone.
        1 => paths.into_iter().next().unwrap_or_default(),
        _ => Value::from(paths),
    };
    let run = run.config("path", path).start().await?;
    if args.is_partial {
        return finish::put(run, artifact, args.alias, client, printer).await;
    }
    let options = LogOptions::new().aliases(args.alias).tags(args.tag);
    let logging = run.log_artifact_with(artifact, options).details();
    let (logged, finished) = unless_interrupted(run, logging, printer).await?;
    tell(&logged, recorded_only, client, printer);
    finished?;
    Ok(Exit::Done)
}

/// Waits for a log of a run, and ends the run; an error of the log takes precedence over one of the run. Ctrl-C and SIGTERM
/// end the run as failed, and the process.
pub(super) async fn unless_interrupted<T>(
    run: Run,
    logging: impl Future<Output = Result<T, Error>>,
    printer: &Printer,
) -> Result<(T, Result<(), Error>), Error> {
    let logged = tokio::select! {
        logged = logging => logged,
        code = told_to_stop() => {
            run.abandon(1);
            printer.remark("interrupted: nothing was logged");
            // Pending work is dropped as by a kill, and cleaned up as after one.
            std::process::exit(code.0);
        }
    };
    let finished = run.finish_with(i32::from(logged.is_err())).await;
    Ok((logged?, finished))
}

/// Tells what would be logged, and stores nothing, not even an empty store.
pub(super) async fn preview(
    args: PutArgs,
    builder: ClientBuilder,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (address, artifact) = (contents::address(&args)?, contents::artifact(&args)?);
    let elsewhere = tempfile::tempdir().map_err(|source| Error::Runtime { source })?;
    let (client, is_there) = match builder.clone().existing().open() {
        Err(Error::Store(StoreError::NoStore { .. })) => {
            (builder.store(elsewhere.path()).open()?, false)
        }
        client => (client?, true),
    };
    let project = client.qualify(address.clone()).await?.project;
    let address = format!("{project}/{}", address.name());
    let prepared = client.preview(artifact).await?;
    // An artifact that is not there yet has no newest version.
    let is_latest = client
        .artifact(address.as_str())
        .await
        .is_ok_and(|latest| latest.digest == prepared.digest);
    let answer = Answer {
        address,
        version: None,
        artifact_type: prepared.artifact_type.to_string(),
        digest: prepared.digest.to_string(),
        file_count: prepared.manifest.len() as u64,
        size: prepared.manifest.size(),
        deduplicated: is_latest,
        new_files: 0,
        new_bytes: 0,
        reused_files: 0,
        reused_bytes: 0,
        aliases: Vec::new(),
        recorded_only: recorded_only(&args, &client)?,
        store: if is_there {
            client.location()
        } else {
            String::new()
        },
        dry_run: true,
    };
    printer.answer(&answer, || {
        let outcome = if is_latest {
            "the newest version has the same content"
        } else {
            "a new version"
        };
        format!(
            "Would log {} ({}): {outcome}\n  digest  {}\n  files   {}, {}\n{}",
            answer.address,
            answer.artifact_type,
            answer.digest,
            answer.file_count,
            text::size(answer.size),
            unread(&answer.recorded_only),
        )
    });
    Ok(Exit::Done)
}

/// Returns the URIs of schemes without a resolver.
fn recorded_only(args: &PutArgs, client: &Client) -> Result<Vec<String>, Failure> {
    let items = contents::items(args)?;
    let unread = items.iter().filter(|item| match item {
        Item::Local(_) => false,
        Item::Reference(uri) => !client.can_resolve(uri),
    });
    Ok(unread.map(Item::shown).collect())
}

/// Lists the URIs that were only recorded.
fn unread(recorded_only: &[String]) -> String {
    let line = |uri: &String| {
        format!(
            "  note    {uri} is only recorded: no resolver reads such URIs, so its content is neither checked nor fetched\n"
        )
    };
    recorded_only.iter().map(line).collect()
}

fn tell(logged: &Logged, recorded_only: Vec<String>, client: &Client, printer: &Printer) {
    let artifact = &logged.artifact;
    let stats = logged.stats;
    let answer = Answer {
        address: artifact.to_string(),
        version: Some(artifact.version.to_string()),
        artifact_type: artifact.artifact_type.to_string(),
        digest: artifact.digest.to_string(),
        file_count: artifact.file_count,
        size: artifact.size,
        deduplicated: logged.is_deduplicated,
        new_files: stats.new_files,
        new_bytes: stats.new_bytes,
        reused_files: stats.reused_files,
        reused_bytes: stats.reused_bytes,
        aliases: artifact.aliases.iter().map(ToString::to_string).collect(),
        recorded_only,
        store: client.location(),
        dry_run: false,
    };
    printer.answer(&answer, || {
        let outcome = if logged.is_deduplicated { "unchanged: this version was there already".to_owned() } else { format!(
            "{} new ({}), {} already stored ({})",
            text::count(stats.new_files, "file"),
            text::size(stats.new_bytes),
            text::count(stats.reused_files, "file"),
            text::size(stats.reused_bytes),
        ) };
        format!(
            "Logged {} ({})\n  digest  {}\n  files   {}, {}\n  stored  {outcome}\n{}  store   {}\nGet it back with:\n  wandb-rs artifact get {}{}\n",
            answer.address,
            answer.artifact_type,
            answer.digest,
            answer.file_count,
            text::size(answer.size),
            unread(&answer.recorded_only),
            answer.store,
            text::shell_word(&answer.address),
            client.store().map_or_else(String::new, |store| format!(
                " --store {}",
                text::shell_word(&store.to_string_lossy())
            )),
        )
    });
}
