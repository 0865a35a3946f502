//! Making what a version refers to content that the registry keeps.

use std::future::IntoFuture;
use std::pin::Pin;

use artifact_core::{Alias, ArtifactName};
use artifact_flows::{CopyTarget, SaveTarget};

use crate::folders::copies_folder;
use crate::{Error, Logged, LoggedArtifact};

/// Logs the content of a version's references as the next version; awaiting it does it.
///
/// All of it is fetched, and compared with what was recorded, before anything is logged. Description, metadata and TTL are
/// those of the version.
#[derive(Debug, Clone)]
#[must_use = "nothing happens until it is awaited"]
pub struct FreezeReferences {
    artifact: LoggedArtifact,
    name: Option<ArtifactName>,
    aliases: Vec<Alias>,
    allow_local: bool,
}

impl FreezeReferences {
    pub(crate) const fn new(artifact: LoggedArtifact) -> Self {
        Self {
            artifact,
            name: None,
            aliases: Vec::new(),
            allow_local: false,
        }
    }

    /// Logs it to this collection of the same project, instead of the version's own.
    pub fn name(mut self, name: ArtifactName) -> Self {
        self.name = Some(name);
        self
    }

    /// Moves this alias to it, beside `latest`.
    pub fn alias(mut self, alias: Alias) -> Self {
        self.aliases.push(alias);
        self
    }

    /// Reads references to files of this machine (`file:`) of a version on a server, as
    /// [`Download::allow_local_references`](crate::Download::allow_local_references) does.
    pub const fn allow_local_references(mut self) -> Self {
        self.allow_local = true;
        self
    }

    async fn run(self) -> Result<Logged, Error> {
        let client = self.artifact.client();
        let record = self.artifact.record();
        let folder = copies_folder(client.settings())?;
        let no_folder = |source| Error::NoTemporaryFolder { source };
        std::fs::create_dir_all(&folder).map_err(no_folder)?;
        // A folder of its own, so that two can run at once.
        let staging = tempfile::tempdir_in(&folder).map_err(no_folder)?;
        let run = client
            .init()
            .entity(record.project.entity.clone())
            .project(record.project.project.clone())
            .job_type("freeze")
            .config("artifact", record.address().to_string());
        let run = run.start().await?;
        let to = CopyTarget {
            name: self.name.clone().unwrap_or_else(|| record.name.clone()),
            save: SaveTarget {
                project: record.project.clone(),
                run: Some(run.address().id.clone()),
                aliases: self.aliases.clone(),
                tags: Vec::new(),
                distributed_id: None,
            },
            staging: staging.path().to_owned(),
        };
        let (resolvers, allow_local) = client.resolvers_of_version(self.allow_local);
        let freezing = artifact_flows::freeze(client.flow(), record, resolvers, allow_local, to);
        let saved = Box::pin(freezing).await;
        let ended = run.finish_with(i32::from(saved.is_err())).await;
        drop(staging);
        let saved = saved?;
        ended?;
        Ok(Logged {
            artifact: LoggedArtifact::new(client.clone(), saved.record),
            is_deduplicated: saved.is_deduplicated,
            stats: saved.stats,
        })
    }
}

impl IntoFuture for FreezeReferences {
    type Output = Result<Logged, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
