//! `wandb-rs push` and `pull`: move versions between the embedded store and somewhere else.

use std::path::Path;

use serde::Serialize;

use super::args::{Global, TransferArgs};
use super::{Exit, Failure, Printer, text};
use wandb_rs::{BaseUrl, Client, ClientBuilder, Error, Mode, Settings, Transferred, Unusable};

/// The direction of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Out of the store.
    Push,
    /// Into it.
    Pull,
}

impl Direction {
    const fn job_type(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
        }
    }
}

/// The output of `push --json` and `pull --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Folder or URL.
    from: String,
    /// The same.
    to: String,
    /// Every version that was asked for, in the order in which they were copied.
    versions: Vec<Copied>,
}

/// One version, and its copy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied {
    /// Address that will always mean the original.
    source: String,
    /// Address that will always mean the copy.
    address: String,
    version: String,
    #[serde(rename = "type")]
    artifact_type: String,
    digest: String,
    file_count: u64,
    size: u64,
    /// Whether the target's collection had the version already, so that nothing was sent.
    was_there: bool,
    new_files: u64,
    new_bytes: u64,
    reused_files: u64,
    reused_bytes: u64,
    aliases: Vec<String>,
    tags: Vec<String>,
}

pub(super) fn run(
    args: TransferArgs,
    elsewhere: &str,
    direction: Direction,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    check(&args)?;
    let builder = |settings: Settings| {
        let mut builder = Client::builder().settings(settings);
        if let Some(progress) = printer.progress() {
            builder = builder.progress(progress);
        }
        match args.rate.limit_rate {
            Some(rate) => builder.limit_rate(rate),
            None => builder,
        }
    };
    let near = builder(near(global)?);
    let far = builder(far(elsewhere)?);
    let open = |source: ClientBuilder, target: ClientBuilder| {
        // The source first: nothing is made for what cannot be found.
        let source = source.existing().open()?;
        Ok::<_, Error>((source, target.open()?))
    };
    let (source, target) = match direction {
        Direction::Push => open(near, far),
        Direction::Pull => open(far, near),
    }?;
    let runtime = tokio::runtime::Runtime::new().map_err(|source| Error::Runtime { source })?;
    let versions = runtime.block_on(transfer(args, direction, global, &source, &target))?;
    let answer = Answer {
        from: source.location(),
        to: target.location(),
        versions: versions.iter().map(copied).collect(),
    };
    printer.answer(&answer, || people(&answer));
    Ok(Exit::Done)
}

fn check(args: &TransferArgs) -> Result<(), Failure> {
    if args.name.is_some() && 1 < args.addresses.len() {
        return Err(Failure::new(
            "several artifacts cannot all get one name",
            "move one at a time where it is to have another name",
        ));
    }
    let single = args.addresses.iter().find(|it| it.selector().is_some());
    match single {
        Some(address) if args.all_versions => Err(Failure::new(
            format!("{address} names one version, and `--all-versions` asks for all"),
            "leave the version out, or `--all-versions`",
        )),
        _ => Ok(()),
    }
}

async fn transfer(
    args: TransferArgs,
    direction: Direction,
    global: &Global,
    source: &Client,
    target: &Client,
) -> Result<Vec<Transferred>, Error> {
    let mut moved = Vec::new();
    for address in args.addresses {
        let mut transfer = source
            .copy_to(target, address)
            .job_type(direction.job_type());
        if args.all_versions {
            transfer = transfer.all_versions();
        }
        if let Some(entity) = &global.entity {
            transfer = transfer.entity(entity.clone());
        }
        if let Some(project) = &global.project {
            transfer = transfer.project(project.clone());
        }
        if let Some(name) = &args.name {
            transfer = transfer.name(name.clone());
        }
        moved.extend(transfer.await?);
    }
    Ok(moved)
}

/// Returns the settings for the embedded store. Flags for entity and project apply to the target alone.
fn near(global: &Global) -> Result<Settings, Failure> {
    let settings = Settings::from_env()?.with_mode(Mode::Offline);
    Ok(match &global.store {
        Some(store) => settings.with_store(store),
        None => settings,
    })
}

/// Returns the settings for the server or the store that the command line names.
pub(super) fn far(place: &str) -> Result<Settings, Failure> {
    let settings = Settings::from_env()?;
    if !place.contains("://") {
        return Ok(settings
            .with_store(Path::new(place))
            .with_mode(Mode::Offline));
    }
    // What cannot be read is not repeated: there may be a password in it.
    let base_url: BaseUrl = place.parse().map_err(|error: Unusable| {
        Failure::new(
            format!("the server's address cannot be used: {error}"),
            "an address looks like https://wandb.example.com or http://127.0.0.1:8080; anything else is the folder of a store",
        )
    })?;
    let settings = settings.with_base_url(base_url).with_mode(Mode::Online);
    if settings.credentials()?.is_none() {
        let base_url = &settings.base_url;
        return Err(Failure::new(
            format!("there are no credentials for {base_url}"),
            format!("`wandb-rs login --host {base_url}` keeps some, or set WANDB_API_KEY"),
        ));
    }
    Ok(settings)
}

fn copied(moved: &Transferred) -> Copied {
    let Transferred {
        source,
        artifact,
        was_there,
        stats,
        ..
    } = moved;
    Copied {
        source: source.to_string(),
        address: artifact.to_string(),
        version: artifact.version.to_string(),
        artifact_type: artifact.artifact_type.to_string(),
        digest: artifact.digest.to_string(),
        file_count: artifact.file_count,
        size: artifact.size,
        was_there: *was_there,
        new_files: stats.new_files,
        new_bytes: stats.new_bytes,
        reused_files: stats.reused_files,
        reused_bytes: stats.reused_bytes,
        aliases: artifact.aliases.iter().map(ToString::to_string).collect(),
        tags: artifact.tags.iter().map(ToString::to_string).collect(),
    }
}

fn people(answer: &Answer) -> String {
    let rows: Vec<_> = answer
        .versions
        .iter()
        .map(|version| {
            let outcome = if version.was_there {
                "was there already".to_owned()
            } else {
                format!(
                    "{} new ({}), {} there already ({})",
                    text::count(version.new_files, "file"),
                    text::size(version.new_bytes),
                    version.reused_files,
                    text::size(version.reused_bytes),
                )
            };
            let from = format!("  {} is", version.source);
            [from, version.address.clone(), outcome]
        })
        .collect();
    format!(
        "{} of {} in {}\n{}",
        text::count(answer.versions.len() as u64, "version"),
        answer.from,
        answer.to,
        text::table(&rows)
    )
}
