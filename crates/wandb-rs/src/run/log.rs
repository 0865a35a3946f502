//! Logging artifacts.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use artifact_core::records::RunAddress;
use artifact_core::{Alias, Tag};
use artifact_flows::{SaveTarget, SavedStats};
use tokio::task::JoinHandle;

use crate::{Artifact, Client, Error, LoggedArtifact};

/// Options for logging an artifact.
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

/// Logs an artifact; where it has a distributed id, as the last partial version.
pub(super) async fn log(
    client: Client,
    run: RunAddress,
    mut artifact: Artifact,
    options: LogOptions,
    distributed_id: Option<String>,
) -> Result<Logged, Error> {
    let target = target(&client, &run, &artifact, options, distributed_id)?;
    artifact.bring_borrowed(&client).await?;
    let (drafted, made) = artifact.into_parts();
    let saved = artifact_flows::log(client.flow(), drafted, client.resolvers(), target).await?;
    drop(made);
    let artifact = LoggedArtifact::new(client, saved.record);
    Ok(Logged {
        artifact,
        is_deduplicated: saved.is_deduplicated,
        stats: saved.stats,
    })
}

/// Returns where an artifact goes, if it may go there.
pub(super) fn target(
    client: &Client,
    run: &RunAddress,
    artifact: &Artifact,
    options: LogOptions,
    distributed_id: Option<String>,
) -> Result<SaveTarget, Error> {
    if let Some(store) = client.store()
        && artifact.reads_from(store)
    {
        return Err(Error::OwnStore {
            store: store.to_owned(),
        });
    }
    if let Some(source) = artifact.source_project()
        && *source != run.project
    {
        return Err(Error::Moved {
            name: artifact.name().clone(),
            from: source.clone(),
            to: run.project.clone(),
        });
    }
    Ok(SaveTarget {
        project: run.project.clone(),
        run: Some(run.id.clone()),
        aliases: options.aliases,
        tags: options.tags,
        distributed_id,
    })
}

/// The result of a log.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Logged {
    /// The version.
    pub artifact: LoggedArtifact,
    /// Whether the collection had a version with this digest already.
    pub is_deduplicated: bool,
    /// Statistics of the upload.
    pub stats: SavedStats,
}

/// A pending log; awaiting it returns the result. Dropping it does not stop the log.
#[derive(Debug)]
#[must_use = "only the handle returns whether the artifact was logged"]
pub struct LogHandle(pub(super) JoinHandle<Result<Logged, Error>>);

impl LogHandle {
    /// Waits for the log, and also returns what was deduplicated.
    ///
    /// # Errors
    /// [`Error::Flow`] when it failed; nothing was committed then.
    pub async fn details(self) -> Result<Logged, Error> {
        outcome(self.0).await
    }
}

/// Waits for a task.
pub(super) async fn outcome<T>(task: JoinHandle<Result<T, Error>>) -> Result<T, Error> {
    match task.await {
        Ok(outcome) => outcome,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Interrupted),
    }
}

impl IntoFuture for LogHandle {
    type Output = Result<LoggedArtifact, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.details().await?.artifact) })
    }
}
