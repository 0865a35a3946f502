//! Moving versions from one registry to another.

mod staging;

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use artifact_core::ports::{ArtifactChanges, ArtifactRecord, RegistryError};
use artifact_core::{
    Alias, ArtifactAddress, ArtifactDigest, ArtifactName, EntityName, ProjectAddress, ProjectName,
    Tag,
};
use artifact_flows::{CopyTarget, SaveTarget, SavedStats};

use self::staging::Staging;
use crate::folders::copies_folder;
use crate::{Client, Error, LoggedArtifact, Run};

/// A boxed future that is `Send`.
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A copy of versions to another registry; awaiting it does it.
///
/// The copies have the digests, aliases, tags, description, metadata and TTL of the originals; their numbers are those
/// that the target gives. What the target's collection has already is not sent again: it only gets the aliases and tags
/// that it lacks, and keeps its description, metadata and TTL, which may have been changed there.
///
/// ```no_run
/// # async fn example(store: wandb_rs::Client, server: wandb_rs::Client) -> Result<(), wandb_rs::Error> {
/// let moved = store.copy_to(&server, "vision/mnist".parse()?).all_versions().await?;
/// for version in moved {
///     println!("{} is {}", version.source, version.artifact);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a transfer does nothing until it is awaited"]
pub struct Transfer {
    source: Client,
    target: Client,
    address: ArtifactAddress,
    is_of_all: bool,
    entity: Option<EntityName>,
    project: Option<ProjectName>,
    name: Option<ArtifactName>,
    job_type: String,
}

/// A version that is in the target now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Transferred {
    /// The version that it is a copy of.
    pub source: LoggedArtifact,
    /// The copy.
    pub artifact: LoggedArtifact,
    /// Whether the target's collection had the version already.
    pub was_there: bool,
    /// Statistics of the upload.
    pub stats: SavedStats,
}

impl Transfer {
    pub(crate) fn new(source: Client, target: Client, address: ArtifactAddress) -> Self {
        Self {
            source,
            target,
            address,
            is_of_all: false,
            entity: None,
            project: None,
            name: None,
            job_type: "copy".to_owned(),
        }
    }

    /// Copies every version of the collection, the oldest first; which one the address names does not matter then.
    pub const fn all_versions(mut self) -> Self {
        self.is_of_all = true;
        self
    }

    /// Copies to a project of this entity, instead of the target's default one.
    pub fn entity(mut self, entity: EntityName) -> Self {
        self.entity = Some(entity);
        self
    }

    /// Copies to this project, instead of the one of the same name.
    pub fn project(mut self, project: ProjectName) -> Self {
        self.project = Some(project);
        self
    }

    /// Copies to this collection, instead of the one of the same name.
    pub fn name(mut self, name: ArtifactName) -> Self {
        self.name = Some(name);
        self
    }

    /// Gives the run that logs the copies this job type, instead of `copy`.
    pub fn job_type(mut self, job_type: impl Into<String>) -> Self {
        self.job_type = job_type.into();
        self
    }

    async fn run(self) -> Result<Vec<Transferred>, Error> {
        let versions = self.versions().await?;
        let Some(first) = versions.first() else {
            return Ok(Vec::new());
        };
        let name = self.name.clone().unwrap_or_else(|| first.name.clone());
        let project = ProjectAddress {
            entity: match &self.entity {
                Some(entity) => entity.clone(),
                None => self.target.default_entity().await?,
            },
            project: self
                .project
                .clone()
                .unwrap_or_else(|| first.project.project.clone()),
        };
        let mut copies = Copies {
            there: there(&self.target, &project, &name).await?,
            transfer: &self,
            project,
            name,
            run: None,
        };
        let mut moved = Vec::with_capacity(versions.len());
        let outcome = copies.all(versions, &mut moved).await;
        if let Some(run) = copies.run {
            let ended = run.finish_with(i32::from(outcome.is_err())).await;
            // The error of the copy matters more than that of ending the run.
            return outcome.and(ended).map(|()| moved);
        }
        outcome.map(|()| moved)
    }

    /// Returns the versions to copy, the oldest first.
    async fn versions(&self) -> Result<Vec<LoggedArtifact>, Error> {
        if !self.is_of_all {
            return Ok(vec![self.source.artifact(self.address.clone()).await?]);
        }
        let address = self.source.qualify(self.address.clone()).await?;
        let mut versions = self
            .source
            .versions(&address.project, &address.name)
            .await?;
        versions.reverse();
        Ok(versions)
    }

    /// Returns the folder for content that comes as a stream: the same one for the same copy, so that it is continued.
    fn staging(&self, record: &ArtifactRecord) -> Result<Staging, Error> {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.source.location().hash(&mut hasher);
        self.target.location().hash(&mut hasher);
        record.address().to_string().hash(&mut hasher);
        let name = format!("{}-{:016x}", record.digest, hasher.finish());
        Ok(Staging::claim(
            &copies_folder(self.target.settings())?,
            &name,
        ))
    }
}

impl IntoFuture for Transfer {
    type Output = Result<Vec<Transferred>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Returns what a collection holds, by digest; nothing where there is none.
async fn there(
    target: &Client,
    project: &ProjectAddress,
    name: &ArtifactName,
) -> Result<HashMap<ArtifactDigest, LoggedArtifact>, Error> {
    match target.versions(project, name).await {
        Ok(versions) => Ok(versions
            .into_iter()
            .map(|version| (version.digest, version))
            .collect()),
        Err(Error::Registry(
            RegistryError::NoArtifact { .. } | RegistryError::NoProject { .. },
        )) => Ok(HashMap::new()),
        Err(error) => Err(error),
    }
}

/// Copies on their way into one collection.
struct Copies<'a> {
    transfer: &'a Transfer,
    project: ProjectAddress,
    name: ArtifactName,
    /// The versions of the collection before the copy.
    there: HashMap<ArtifactDigest, LoggedArtifact>,
    /// The run that logs them; `None` until something is logged.
    run: Option<Run>,
}

impl Copies<'_> {
    async fn all(
        &mut self,
        versions: Vec<LoggedArtifact>,
        moved: &mut Vec<Transferred>,
    ) -> Result<(), Error> {
        for source in versions {
            let next = match self.there.get(&source.digest).cloned() {
                Some(there) => self.relabel(source, there).await?,
                None => self.copy(source).await?,
            };
            moved.push(next);
        }
        self.make_latest(moved).await?;
        self.look_again(moved).await
    }

    async fn copy(&mut self, source: LoggedArtifact) -> Result<Transferred, Error> {
        let transfer = self.transfer;
        let staging = transfer.staging(&source)?;
        let to = CopyTarget {
            name: self.name.clone(),
            staging: staging.folder().to_owned(),
            save: self.save_target(&source).await?,
        };
        let (from, target) = (transfer.source.flow(), transfer.target.flow());
        // Boxed, because it is large.
        let copying: BoxFuture<'_, _> = Box::pin(artifact_flows::copy(from, &source, target, to));
        let saved = copying.await?;
        drop(staging);
        let artifact = LoggedArtifact::new(transfer.target.clone(), saved.record);
        let copied = Transferred {
            source,
            artifact,
            was_there: saved.is_deduplicated,
            stats: saved.stats,
        };
        if saved.is_deduplicated {
            // Another client was faster.
            let stats = copied.stats;
            let labelled = self.relabel(copied.source, copied.artifact).await?;
            return Ok(Transferred { stats, ..labelled });
        }
        Ok(copied)
    }

    /// Gives a version that was there the aliases and tags that it lacks.
    async fn relabel(
        &self,
        source: LoggedArtifact,
        mut there: LoggedArtifact,
    ) -> Result<Transferred, Error> {
        let aliases = movable(&source);
        let aliases = aliases.filter(|alias| !there.aliases.contains(alias));
        let tags = source.tags.iter().filter(|tag| !there.tags.contains(tag));
        let changes = ArtifactChanges {
            aliases_to_add: aliases.cloned().collect(),
            tags_to_add: tags.cloned().collect(),
            ..ArtifactChanges::default()
        };
        if changes != ArtifactChanges::default() {
            there.update(changes).await?;
        }
        let stats = SavedStats {
            reused_files: there.file_count,
            reused_bytes: there.size,
            ..SavedStats::default()
        };
        Ok(Transferred {
            source,
            artifact: there,
            was_there: true,
            stats,
        })
    }

    /// Moves `latest` to the version that bears it in the source: every one that was new has taken it over. Nobody but a
    /// log moves it, so that version is logged once more.
    async fn make_latest(&mut self, moved: &[Transferred]) -> Result<(), Error> {
        let is_latest = |it: &&Transferred| it.source.aliases.contains(&Alias::latest());
        let Some(latest) = moved.iter().find(is_latest) else {
            return Ok(());
        };
        let target = &self.transfer.target;
        let id = latest.artifact.id.clone().into();
        let now = target.registry().artifact(&id).await?;
        if !now.aliases.contains(&Alias::latest()) {
            let to = self.save_target(&latest.source).await?;
            artifact_flows::log_existing(target.flow(), &latest.source, &self.name, to).await?;
        }
        Ok(())
    }

    /// Tells of each version what holds now: aliases have moved from the one to the other.
    async fn look_again(&self, moved: &mut [Transferred]) -> Result<(), Error> {
        let mut now = there(&self.transfer.target, &self.project, &self.name).await?;
        for version in moved {
            if let Some(artifact) = now.remove(&version.artifact.digest) {
                version.artifact = artifact;
            }
        }
        Ok(())
    }

    /// Returns where a copy goes; begins the run if it is the first.
    async fn save_target(&mut self, source: &ArtifactRecord) -> Result<SaveTarget, Error> {
        let transfer = self.transfer;
        let run = match &mut self.run {
            Some(run) => run,
            empty => {
                let run = transfer
                    .target
                    .init()
                    .entity(self.project.entity.clone())
                    .project(self.project.project.clone())
                    .job_type(&transfer.job_type)
                    .config("source", transfer.source.location())
                    .config("artifact", source.address().to_string());
                empty.insert(run.start().await?)
            }
        };
        Ok(SaveTarget {
            project: self.project.clone(),
            run: Some(run.address().id.clone()),
            aliases: movable(source).cloned().collect(),
            tags: source.tags.iter().map(Tag::clone).collect(),
            distributed_id: None,
        })
    }
}

/// Returns the aliases that can be given to a version; `latest` cannot, but follows the last log.
fn movable(source: &ArtifactRecord) -> impl Iterator<Item = &Alias> {
    let aliases = source.aliases.iter();
    aliases.filter(|alias| **alias != Alias::latest())
}
