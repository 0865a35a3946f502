//! The builder of a run.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use artifact_core::records::{RunAddress, RunChanges};
use artifact_core::{EntityName, ProjectAddress, ProjectName, RunId};
use serde_json::{Map, Value};

use super::live::{Live, wire_config};
use super::resume::{self, Unfinished};
use super::sender::Rhythm;
use super::{Run, origin};
use crate::{Client, Error, Resume};

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

/// Builds a run; options that are not set come from the client's settings.
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
    resume: Option<Resume>,
    rhythm: Option<Rhythm>,
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

    /// Gives the run this id; [`resume`](Self::resume) determines what happens to a run that has it already.
    pub fn id(mut self, id: RunId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the display name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the kind of work that the run does.
    pub fn job_type(mut self, job_type: impl Into<String>) -> Self {
        self.job_type = Some(job_type.into());
        self
    }

    /// Puts the run into a group of runs, which may [write one artifact](crate::Run::upsert_artifact).
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

    /// Sets what happens if a run with this id exists: [`Resume::Allow`] and [`Resume::Must`] continue its
    /// history, configuration and summary, [`Resume::Never`] refuses, and [`Resume::Auto`] continues the last run below
    /// the settings' root folder that did not end well.
    ///
    /// By default, without a setting either, a run whose id is given is continued if it exists.
    pub const fn resume(mut self, resume: Resume) -> Self {
        self.resume = Some(resume);
        self
    }

    /// Sends lines at most once in this time, 15 seconds by default, and a sign of life after twice as much
    /// silence.
    pub const fn send_every(mut self, interval: Duration) -> Self {
        self.rhythm = Some(Rhythm {
            interval,
            silence: interval.saturating_mul(2),
        });
        self
    }

    /// Starts the run.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses it, [`Error::NothingToResume`] and [`Error::RunExists`] as
    /// [`resume`](Self::resume) lists, and those of [`Client::from_env`] without a client.
    pub async fn start(self) -> Result<Run, Error> {
        let client = match self.client {
            Some(client) => client,
            None => Client::from_env()?,
        };
        let settings = client.settings();
        let resume = self.resume.or(settings.resume);
        let unfinished =
            (resume == Some(Resume::Auto)).then(|| Unfinished::below(&settings.root_dir));
        let given_id = self
            .id
            .or_else(|| settings.run_id.clone())
            .or_else(|| unfinished.as_ref()?.run());
        let is_id_given = given_id.is_some();
        let entity = match self.entity {
            Some(entity) => entity,
            None => client.default_entity().await?,
        };
        let address = RunAddress {
            project: ProjectAddress {
                entity,
                project: self.project.unwrap_or_else(|| settings.project.clone()),
            },
            id: given_id.unwrap_or_else(random_id),
        };
        let registry = client.registry();
        let progress = resume::progress(registry, &address, resume, is_id_given).await?;
        let resumed = progress.as_ref().map(|found| &found.run);
        let mut config = resumed.map(|run| run.config.values()).unwrap_or_default();
        config.extend(self.config);
        let group = self.group.or_else(|| settings.run_group.clone());
        // A resumed run keeps the group that it was started with.
        let group = group.or_else(|| resumed?.group.clone());
        let tags = self.tags.unwrap_or_else(|| settings.run_tags.clone());
        let changes = RunChanges {
            display_name: self.name.or_else(|| settings.run_name.clone()),
            job_type: self.job_type.or_else(|| settings.job_type.clone()),
            group: group.clone(),
            notes: self.notes.or_else(|| settings.run_notes.clone()),
            tags: (!tags.is_empty()).then_some(tags),
            config: Some(wire_config(config.clone())),
            host: origin::host(),
            program: origin::program(),
            ..RunChanges::default()
        };
        let record = registry.upsert_run(&address, changes).await?;
        if let Some(unfinished) = &unfinished {
            unfinished.remember(&record.address.id)?;
        }
        let live = Live::new(client, record.address.clone(), config, progress.as_ref());
        let rhythm = self.rhythm.unwrap_or_default();
        Ok(Run::begin(
            live,
            record,
            group,
            progress.is_some(),
            unfinished,
            rhythm,
        ))
    }
}

fn random_id() -> RunId {
    // The keys of the standard hash maps are random, which is enough to distinguish runs.
    RunId::from_random(RandomState::new().build_hasher().finish())
}
