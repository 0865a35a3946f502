//! `wandb-rs artifact put`: logs files and folders.

use std::future::Future;
use std::path::Path;

use artifact_core::{ArtifactAddress, ArtifactName, InvalidValue, ReferenceUri};
use serde::Serialize;
use serde_json::Value;

use super::args::PutArgs;
use super::interrupt::told_to_stop;
use super::{Exit, Failure, Printer, share, text};
use crate::{AddDir, Artifact, Client, ClientBuilder, Error, LogOptions, Logged, Run, ScanError};
use artifact_store::StoreError;

/// What `put --json` prints.
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
    /// Folder or URL of the registry.
    store: String,
    dry_run: bool,
}

pub(super) async fn run(
    args: PutArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (address, artifact) = (address(&args)?, artifact(&args)?);
    let project = client.qualify(address).await?.project;
    let mut run = client
        .init()
        .entity(project.entity.clone())
        .project(project.project.clone())
        .job_type("cli_put");
    if args.is_partial {
        run = run.group(share::group(
            args.group.as_deref(),
            artifact.name(),
            client,
        )?);
    } else if let Some(group) = args.group {
        run = run.group(group);
    }
    if let Some(id) = args.id {
        run = run.id(id);
    }
    let paths = args
        .paths
        .iter()
        .map(|path| Value::from(path.to_string_lossy()))
        .collect::<Vec<_>>();
    let path = match paths.len() {
        // As the official client, which takes one alone.
        1 => paths.into_iter().next().unwrap_or_default(),
        _ => Value::from(paths),
    };
    let run = run.config("path", path).start().await?;
    if args.is_partial {
        return share::put(run, artifact, args.alias, client, printer).await;
    }
    let options = LogOptions::new().aliases(args.alias).tags(args.tag);
    let logging = run.log_artifact_with(artifact, options).details();
    let (logged, finished) = unless_interrupted(run, logging, printer).await?;
    tell(&logged, client, printer);
    finished?;
    Ok(Exit::Done)
}

/// Waits for what a run logs, and ends the run; says first how the log went, then how the run ended. Ctrl-C ends the run as
/// failed, and the process.
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
            // What still goes on is left as a kill would leave it, and cleared up as after one.
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
    let (address, artifact) = (address(&args)?, artifact(&args)?);
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
            "Would log {} ({}): {outcome}\n  digest  {}\n  files   {}, {}\n",
            answer.address,
            answer.artifact_type,
            answer.digest,
            answer.file_count,
            text::size(answer.size),
        )
    });
    Ok(Exit::Done)
}

/// Returns where the artifact goes.
fn address(args: &PutArgs) -> Result<ArtifactAddress, Failure> {
    match &args.name {
        Some(address) if address.selector().is_some() => {
            let whole = address.to_string();
            let collection = whole.split(':').next().unwrap_or_default();
            Err(Failure::new(
                format!("{whole} names a version, but the registry numbers versions itself"),
                format!(
                    "leave the version out: `--name {}`; give an alias with `--alias`",
                    text::shell_word(collection)
                ),
            ))
        }
        Some(address) => Ok(address.clone()),
        None => default_name(args),
    }
}

/// Returns what is to be logged.
fn artifact(args: &PutArgs) -> Result<Artifact, Failure> {
    let mut artifact = Artifact::new(address(args)?.name().clone(), args.artifact_type.clone())?;
    if let Some(description) = &args.description {
        artifact = artifact.description(description);
    }
    if let Some(metadata) = &args.metadata {
        artifact = artifact.metadata(read_metadata(metadata)?)?;
    }
    for path in &args.paths {
        add(&mut artifact, path, args)?;
    }
    Ok(artifact)
}

/// Returns the name of the one path, as the official client does.
fn default_name(args: &PutArgs) -> Result<ArtifactAddress, Failure> {
    let hint = "name the artifact with `--name NAME`";
    let [path] = args.paths.as_slice() else {
        return Err(Failure::new("several paths have no name in common", hint));
    };
    let base = std::path::absolute(path)
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let name: Result<ArtifactName, InvalidValue> = base.unwrap_or_default().parse();
    name.map(ArtifactAddress::from)
        .map_err(|error| Failure::new(error.to_string(), hint))
}

pub(super) fn read_metadata(text: &str) -> Result<Value, Failure> {
    let json = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|error| {
            Failure::new(
                format!("the metadata file {path} cannot be read: {error}"),
                "check the path after the `@`",
            )
        })?,
        None => text.to_owned(),
    };
    serde_json::from_str(&json).map_err(|error| {
        Failure::new(
            format!("the metadata is not JSON: {error}"),
            r#"write it as `--metadata '{"key": "value"}'` or `--metadata @FILE`"#,
        )
    })
}

fn add(artifact: &mut Artifact, path: &Path, args: &PutArgs) -> Result<(), Failure> {
    if path.is_dir() {
        let folder = args.exclude.iter().fold(AddDir::new(path), AddDir::exclude);
        let count = artifact.add_dir(folder)?;
        if count == 0 && !args.allow_empty {
            return Err(Failure::new(
                format!("there is nothing to log in {}", path.display()),
                "check the path and `--exclude`, or say `--allow-empty`",
            ));
        }
        return Ok(());
    }
    match path.to_str().filter(|text| text.contains("://")) {
        Some(uri) => {
            let uri: ReferenceUri = uri.parse().map_err(Error::from)?;
            artifact.add_reference(artifact_core::AddReference::new(uri))?;
        }
        None => {
            artifact.add_file(path).map_err(|error| match error {
                // `--exclude`, which the error itself suggests, is for what lies in folders.
                Error::Scan(ScanError::NotAFile { .. } | ScanError::BrokenLink { .. }) => {
                    Failure::new(
                        error.to_string(),
                        "name a file or a folder of files instead",
                    )
                }
                error => error.into(),
            })?;
        }
    }
    Ok(())
}

fn tell(logged: &Logged, client: &Client, printer: &Printer) {
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
            "Logged {} ({})\n  digest  {}\n  files   {}, {}\n  stored  {outcome}\n  store   {}\nGet it back with:\n  wandb-rs artifact get {}{}\n",
            answer.address,
            answer.artifact_type,
            answer.digest,
            answer.file_count,
            text::size(answer.size),
            answer.store,
            text::shell_word(&answer.address),
            client.store().map_or_else(String::new, |store| format!(
                " --store {}",
                text::shell_word(&store.to_string_lossy())
            )),
        )
    });
}
