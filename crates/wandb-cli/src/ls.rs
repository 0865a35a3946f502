//! `wandb-rs artifact ls`: lists artifacts, or the versions of one.

use std::io::IsTerminal as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use wandb_rs::{ArtifactAddress, ArtifactType, EntityName, ProjectAddress, ProjectName, Timestamp};
use wandb_rs::{CollectionRecord, RegistryError};

use super::args::{Global, LsArgs};
use super::{Exit, Failure, Printer, text};
use wandb_rs::{Client, Error, LoggedArtifact};

/// The output of `ls --json`: artifacts, or versions of one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    /// The artifacts of projects.
    Artifacts(Vec<Collection>),
    /// The versions of an artifact, newest first.
    Versions(Vec<Version>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Collection {
    address: String,
    #[serde(rename = "type")]
    artifact_type: String,
    versions: u64,
    latest: Option<String>,
    /// Bytes of the newest version.
    size: u64,
    updated_at: String,
    #[serde(skip)]
    updated: Timestamp,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the JSON keys"
)]
struct Version {
    address: String,
    version: String,
    aliases: Vec<String>,
    tags: Vec<String>,
    digest: String,
    file_count: u64,
    size: u64,
    created_at: String,
    #[serde(skip)]
    created: Timestamp,
}

/// The format of times.
#[derive(Clone, Copy)]
enum Times {
    /// As points in time, which scripts may sort by.
    Exact,
    /// As ages.
    Ages { now: Timestamp },
}

impl Times {
    /// Returns what suits standard output.
    fn there() -> Self {
        if std::io::stdout().is_terminal() {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let millis = since.map_or(0, |since| since.as_millis());
            let now = Timestamp::from_unix_millis(i64::try_from(millis).unwrap_or(i64::MAX));
            Self::Ages { now }
        } else {
            Self::Exact
        }
    }

    fn tell(self, timestamp: Timestamp) -> String {
        match self {
            Self::Exact => text::time(timestamp),
            Self::Ages { now } => text::age(timestamp, now),
        }
    }
}

pub(super) async fn run(
    args: LsArgs,
    global: &Global,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let answer = match &args.what {
        None => every_project(global, client, args.artifact_type.as_ref()).await?,
        Some(what) => one(what, client, args.artifact_type.as_ref()).await?,
    };
    printer.answer(&answer, || match &answer {
        Answer::Artifacts(collections) => collection_table(collections, Times::there()),
        Answer::Versions(versions) => version_table(versions, Times::there()),
    });
    printer.remark(&format!("store: {}", client.location()));
    Ok(Exit::Done)
}

async fn every_project(
    global: &Global,
    client: &Client,
    of_type: Option<&ArtifactType>,
) -> Result<Answer, Error> {
    let mut collections = Vec::new();
    for project in client.projects().await? {
        let is_wanted = global
            .entity
            .as_ref()
            .is_none_or(|entity| *entity == project.entity)
            && global
                .project
                .as_ref()
                .is_none_or(|name| *name == project.project);
        if is_wanted {
            collections.extend(artifacts(client, &project, of_type).await?);
        }
    }
    Ok(Answer::Artifacts(collections))
}

/// Lists what `what` names: a project if there is one, else an artifact.
async fn one(what: &str, client: &Client, of_type: Option<&ArtifactType>) -> Result<Answer, Error> {
    if let Some(project) = as_project(what, client).await? {
        match artifacts(client, &project, of_type).await {
            Ok(collections) => return Ok(Answer::Artifacts(collections)),
            Err(Error::Registry(RegistryError::NoProject { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    let address: ArtifactAddress = what.parse()?;
    if address.selector().is_some() {
        let version = client.artifact(address).await?;
        return Ok(Answer::Versions(vec![version_row(&version)]));
    }
    let address = client.qualify(address).await?;
    let versions = match client.versions(&address.project, &address.name).await {
        // Versions may also be linked to it. If not, the first answer is the better one: it names what is near.
        Err(error @ Error::Registry(RegistryError::NoArtifact { .. })) => {
            let path = format!("{}/{}", address.project, address.name);
            let members = client.api().artifacts(&path).await?;
            members.all().await.map_err(|_| error)?
        }
        found => found?,
    };
    Ok(Answer::Versions(versions.iter().map(version_row).collect()))
}

/// Reads `project` or `entity/project`.
async fn as_project(what: &str, client: &Client) -> Result<Option<ProjectAddress>, Error> {
    let (entity, project) = match what.split_once('/') {
        Some((entity, project)) => (entity.parse::<EntityName>().ok(), project),
        None => (Some(client.default_entity().await?), what),
    };
    let project = project.parse::<ProjectName>().ok();
    let named = entity.zip(project);
    Ok(named.map(|(entity, project)| ProjectAddress { entity, project }))
}

async fn artifacts(
    client: &Client,
    project: &ProjectAddress,
    of_type: Option<&ArtifactType>,
) -> Result<Vec<Collection>, Error> {
    let is_wanted = |collection: &CollectionRecord| {
        of_type.is_none_or(|wanted| *wanted == collection.artifact_type)
    };
    Ok(client
        .collections(project)
        .await?
        .into_iter()
        .filter(is_wanted)
        .map(collection_row)
        .collect())
}

fn collection_row(collection: CollectionRecord) -> Collection {
    Collection {
        address: format!("{}/{}", collection.project, collection.name),
        artifact_type: collection.artifact_type.into(),
        versions: collection.version_count,
        latest: collection.latest.map(|version| version.to_string()),
        size: collection.latest_size,
        updated_at: text::time(collection.updated_at),
        updated: collection.updated_at,
    }
}

fn version_row(version: &LoggedArtifact) -> Version {
    Version {
        address: version.to_string(),
        version: version.version.to_string(),
        aliases: version.aliases.iter().map(ToString::to_string).collect(),
        tags: version.tags.iter().map(ToString::to_string).collect(),
        digest: version.digest.to_string(),
        file_count: version.file_count,
        size: version.size,
        created_at: text::time(version.created_at),
        created: version.created_at,
    }
}

fn collection_table(collections: &[Collection], times: Times) -> String {
    let title = ["ARTIFACT", "TYPE", "LATEST", "VERSIONS", "SIZE", "UPDATED"].map(str::to_owned);
    let rows = collections.iter().map(|collection| {
        [
            collection.address.clone(),
            collection.artifact_type.clone(),
            collection.latest.clone().unwrap_or_else(|| "-".into()),
            collection.versions.to_string(),
            text::size(collection.size),
            times.tell(collection.updated),
        ]
    });
    text::table(&std::iter::once(title).chain(rows).collect::<Vec<_>>())
}

fn version_table(versions: &[Version], times: Times) -> String {
    let title = ["VERSION", "ALIASES", "FILES", "SIZE", "CREATED", "DIGEST"].map(str::to_owned);
    let rows = versions.iter().map(|version| {
        [
            version.version.clone(),
            if version.aliases.is_empty() {
                "-".into()
            } else {
                version.aliases.join(",")
            },
            version.file_count.to_string(),
            text::size(version.size),
            times.tell(version.created),
            version.digest.clone(),
        ]
    });
    text::table(&std::iter::once(title).chain(rows).collect::<Vec<_>>())
}
