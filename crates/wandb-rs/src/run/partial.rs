//! One version from several runs.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use artifact_core::records::RunAddress;
use artifact_core::{Alias, ArtifactDigest};
use artifact_flows::SavedStats;
use tokio::task::JoinHandle;

use super::log::{self, LogOptions};
use crate::{Artifact, Client, Error};

/// Options for a partial version, one of several that become a version.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct PartialOptions {
    pub(super) distributed_id: Option<String>,
    aliases: Vec<Alias>,
}

impl PartialOptions {
    /// Returns the plain way: the runs of one group write one version, whose alias is `latest`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the group of its writers, if it is not the run's group; the empty text counts as none.
    pub fn distributed_id(mut self, id: impl Into<String>) -> Self {
        self.distributed_id = Some(id.into());
        self
    }

    /// Moves these aliases to the version when it is finished; `latest` always moves.
    pub fn aliases(mut self, aliases: impl IntoIterator<Item = Alias>) -> Self {
        self.aliases.extend(aliases);
        self
    }

    pub(super) fn into_log_options(self) -> LogOptions {
        LogOptions::new().aliases(self.aliases)
    }
}

/// Stores a partial version, and leaves the version to others.
pub(super) async fn upsert(
    client: Client,
    run: RunAddress,
    mut artifact: Artifact,
    options: LogOptions,
    distributed_id: String,
) -> Result<Upserted, Error> {
    let id = Some(distributed_id.clone());
    let target = log::target(&client, &run, &artifact, options, id)?;
    artifact.bring_borrowed(&client).await?;
    let (drafted, made) = artifact.into_parts();
    let partial =
        artifact_flows::upsert(client.flow(), drafted, client.resolvers(), target).await?;
    drop(made);
    Ok(Upserted {
        distributed_id,
        digest: partial.digest,
        size: partial.size,
        file_count: partial.file_count,
        stats: partial.stats,
    })
}

/// A stored partial version. It becomes part of the version once one of the runs finishes it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Upserted {
    /// The group of its writers.
    pub distributed_id: String,
    /// The digest of its entries.
    pub digest: ArtifactDigest,
    /// The bytes of its entries, references included.
    pub size: u64,
    /// The number of entries, references included.
    pub file_count: u64,
    /// Statistics of the upload.
    pub stats: SavedStats,
}

/// A pending partial version; awaiting it returns the result. Dropping it does not stop it.
#[derive(Debug)]
#[must_use = "only the handle returns whether the partial version was stored"]
pub struct UpsertHandle(pub(super) JoinHandle<Result<Upserted, Error>>);

impl IntoFuture for UpsertHandle {
    type Output = Result<Upserted, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(log::outcome(self.0))
    }
}
