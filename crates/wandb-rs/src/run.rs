//! Runs, and the artifacts they log and use.

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use artifact_core::ports::{RunAddress, RunOutcome, RunRecord, RunSpec};
use artifact_core::{
    Alias, ArtifactAddress, ArtifactName, EntityName, ProjectAddress, ProjectName, RunId, Tag,
};
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use transport::{SaveTarget, SavedStats};

use crate::{Artifact, Client, Error, LoggedArtifact};

/// Begins a run with the client that the environment describes, as `wandb.init` does in the Python SDK.
///
/// ```no_run
/// use wandb_rs::Artifact;
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut artifact = Artifact::new("my-data", "dataset")?;
/// artifact.add_dir("path/to/directory")?;
///
/// let run = wandb_rs::init().project("demo".parse()?).job_type("upload").start().await?;
/// let logged = run.log_artifact(artifact).await?;
/// println!("{logged}");
/// run.finish().await?;
/// # Ok(()) }
/// ```
pub fn init() -> RunBuilder {
    RunBuilder::default()
}

/// Says what a run is; what is not said comes from the client's settings.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct RunBuilder {
    client: Option<Client>,
    entity: Option<EntityName>,
    project: Option<ProjectName>,
    id: Option<RunId>,
    name: Option<String>,
    job_type: Option<String>,
    group: Option<String>,
    notes: Option<String>,
    tags: Option<Vec<String>>,
    config: Map<String, Value>,
}

impl RunBuilder {
    pub(crate) fn with_client(client: Client) -> Self {
        Self {
            client: Some(client),
            ..Self::default()
        }
    }

    /// Puts the run into a project of this entity.
    pub fn entity(mut self, entity: EntityName) -> Self {
        self.entity = Some(entity);
        self
    }

    /// Puts the run into this project.
    pub fn project(mut self, project: ProjectName) -> Self {
        self.project = Some(project);
        self
    }

    /// Gives the run this id; a run with it is continued.
    pub fn id(mut self, id: RunId) -> Self {
        self.id = Some(id);
        self
    }

    /// Gives the run a name for people.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says what kind of work the run does.
    pub fn job_type(mut self, job_type: impl Into<String>) -> Self {
        self.job_type = Some(job_type.into());
        self
    }

    /// Puts the run into a group of runs.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Gives the run notes.
    pub fn notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = Some(notes.into());
        self
    }

    /// Gives the run tags.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Adds one value to the run's configuration.
    pub fn config(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.config.insert(key.into(), value.into());
        self
    }

    /// Starts the run.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses it, and what [`Client::from_env`] gives where no client was named.
    pub async fn start(self) -> Result<Run, Error> {
        let client = match self.client {
            Some(client) => client,
            None => Client::from_env()?,
        };
        let settings = client.settings();
        let entity = match self.entity {
            Some(entity) => entity,
            None => client.default_entity().await?,
        };
        let spec = RunSpec {
            address: RunAddress {
                project: ProjectAddress {
                    entity,
                    project: self.project.unwrap_or_else(|| settings.project.clone()),
                },
                id: self
                    .id
                    .or_else(|| settings.run_id.clone())
                    .unwrap_or_else(random_id),
            },
            display_name: self.name.or_else(|| settings.run_name.clone()),
            job_type: self.job_type.or_else(|| settings.job_type.clone()),
            group: self.group.or_else(|| settings.run_group.clone()),
            notes: self.notes.or_else(|| settings.run_notes.clone()),
            tags: self.tags.unwrap_or_else(|| settings.run_tags.clone()),
            config: self.config,
        };
        let record = client.registry().upsert_run(spec).await?;
        Ok(Run {
            client,
            record,
            last_logs: Mutex::default(),
            is_finished: AtomicBool::new(false),
        })
    }
}

fn random_id() -> RunId {
    // The keys of the standard hash maps are random, which is enough to tell runs apart.
    RunId::from_random(RandomState::new().build_hasher().finish())
}

/// A run: what logs and uses artifacts.
#[derive(Debug)]
pub struct Run {
    client: Client,
    record: RunRecord,
    /// Per artifact name the end of the last log, for the next to wait on.
    last_logs: Mutex<HashMap<ArtifactName, oneshot::Receiver<()>>>,
    is_finished: AtomicBool,
}

/// How an artifact is logged.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct LogOptions {
    aliases: Vec<Alias>,
    tags: Vec<Tag>,
}

impl LogOptions {
    /// Returns the plain way: alias `latest`, no tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves these aliases to the version; `latest` always moves.
    pub fn aliases(mut self, aliases: impl IntoIterator<Item = Alias>) -> Self {
        self.aliases.extend(aliases);
        self
    }

    /// Gives the version these tags.
    pub fn tags(mut self, tags: impl IntoIterator<Item = Tag>) -> Self {
        self.tags.extend(tags);
        self
    }
}

impl Run {
    /// Returns the run's address: `entity/project/id`.
    #[must_use]
    pub const fn address(&self) -> &RunAddress {
        &self.record.spec.address
    }

    /// Logs an artifact as the next version of its collection, and returns at once; await the handle to know how it
    /// went. Artifacts of one name are logged in the order of the calls.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn log_artifact(&self, artifact: Artifact) -> LogHandle {
        self.log_artifact_with(artifact, LogOptions::new())
    }

    /// Logs an artifact with aliases and tags; otherwise as [`log_artifact`](Self::log_artifact).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn log_artifact_with(&self, artifact: Artifact, options: LogOptions) -> LogHandle {
        let (done, is_done) = oneshot::channel();
        let mut last_logs = self
            .last_logs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let previous = last_logs.insert(artifact.name().clone(), is_done);
        drop(last_logs);
        let client = self.client.clone();
        let run = self.address().clone();
        let is_finished = self.is_finished.load(Ordering::Acquire);
        LogHandle(tokio::spawn(async move {
            if is_finished {
                return Err(Error::RunFinished {
                    run: run.to_string(),
                });
            }
            if let Some(previous) = previous {
                // However the one before ended, it is this one's turn.
                _ = previous.await;
            }
            let logged = log(client, run, artifact, options).await;
            drop(done);
            logged
        }))
    }

    /// Finds a version, and records that the run uses it.
    ///
    /// # Errors
    /// [`Error::Registry`] when there is none.
    pub async fn use_artifact<A>(&self, address: A) -> Result<LoggedArtifact, Error>
    where
        A: TryInto<ArtifactAddress>,
        Error: From<A::Error>,
    {
        let address = address.try_into()?.qualify(&self.address().project);
        let registry = self.client.registry();
        let record = registry.artifact(&address.into()).await?;
        registry.use_artifact(self.address(), &record.id).await?;
        Ok(LoggedArtifact::new(self.client.clone(), record))
    }

    /// Waits for every log, and ends the run with success.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn finish(self) -> Result<(), Error> {
        self.finish_with(0).await
    }

    /// Waits for every log, and ends the run with this exit code.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn finish_with(self, exit_code: i32) -> Result<(), Error> {
        self.is_finished.store(true, Ordering::Release);
        let last_logs = std::mem::take(
            &mut *self
                .last_logs
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for log in last_logs.into_values() {
            // Its handle says how it went.
            _ = log.await;
        }
        self.client
            .registry()
            .finish_run(self.address(), RunOutcome { exit_code })
            .await?;
        Ok(())
    }
}

async fn log(
    client: Client,
    run: RunAddress,
    artifact: Artifact,
    options: LogOptions,
) -> Result<Logged, Error> {
    if let Some(store) = client.store()
        && artifact.reads_from(store)
    {
        return Err(Error::OwnStore {
            store: store.to_owned(),
        });
    }
    let (draft, made) = artifact.into_parts();
    let target = SaveTarget {
        project: run.project,
        run: Some(run.id),
        aliases: options.aliases,
        tags: options.tags,
    };
    let saved = transport::log(client.flow(), draft, client.resolvers(), target).await?;
    drop(made);
    let artifact = LoggedArtifact::new(client, saved.record);
    Ok(Logged {
        artifact,
        is_deduplicated: saved.is_deduplicated,
        stats: saved.stats,
    })
}

/// What a log came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Logged {
    /// The version.
    pub artifact: LoggedArtifact,
    /// Whether the collection had a version with this digest already.
    pub is_deduplicated: bool,
    /// What the registry took.
    pub stats: SavedStats,
}

/// A log on its way; awaiting it says how it went. Dropping it does not stop the log.
#[derive(Debug)]
#[must_use = "only the handle says whether the artifact was logged"]
pub struct LogHandle(JoinHandle<Result<Logged, Error>>);

impl LogHandle {
    /// Waits for the log, and also returns what was deduplicated.
    ///
    /// # Errors
    /// [`Error::Flow`] when it failed; nothing was committed then.
    pub async fn details(self) -> Result<Logged, Error> {
        match self.0.await {
            Ok(logged) => logged,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Error::Interrupted),
        }
    }
}

impl IntoFuture for LogHandle {
    type Output = Result<LoggedArtifact, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.details().await?.artifact) })
    }
}
