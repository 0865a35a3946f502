//! Looking after an embedded store: freeing what is of no use, finding and repairing what is damaged.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::ports::{ArtifactRegistry as _, RegistryError};
use artifact_core::{LogicalPath, ProjectAddress, QualifiedAddress};
use artifact_store::{ContentUse, Engine, EngineOptions};
use transport::{NoProgress, Phase, Progress};

use crate::{Client, Error, LoggedArtifact};

pub use artifact_store::{DamagedBlob, Garbage, Inspection};

/// An embedded store, for whoever looks after it.
///
/// ```
/// use wandb_rs::{Artifact, Client, Store};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let client = Client::builder().store(folder.path()).project("demo".parse()?).open()?;
/// # client.save(Artifact::new("mnist", "model")?).await?;
/// # drop(client);
/// let store = Store::open(folder.path())?;
/// let garbage = store.find_garbage().await?;
/// println!("{} bytes can be freed", garbage.bytes);
/// store.collect_garbage().await?;
/// assert!(store.inspect().await?.damaged.is_empty());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    folder: PathBuf,
    progress: Arc<dyn Progress>,
}

/// Damaged content, and what came of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Repair {
    /// The content.
    pub blob: DamagedBlob,
    /// The version that the right content came from; `None` where none was found that has it.
    pub source: Option<String>,
}

impl Store {
    /// Opens the store in `folder`.
    ///
    /// # Errors
    /// [`Error::Store`] when there is none, or none that can be used.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Ok(Self {
            engine: Engine::open(&folder, EngineOptions::default())?,
            folder,
            progress: Arc::new(NoProgress),
        })
    }

    /// Tells `progress` of long work.
    #[must_use]
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Says what [`collect_garbage`](Self::collect_garbage) would take away now; changes nothing.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn find_garbage(&self) -> Result<Garbage, Error> {
        Ok(self.engine.find_garbage().await?)
    }

    /// Deletes the versions whose TTL is over (but none that is linked to a collection), and frees the content that
    /// nothing refers to.
    ///
    /// While another process writes to the store, its content is not freed but noted: the next writer that finds itself
    /// alone frees it. [`Garbage::is_freed`] tells which.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails. Stopping half-way is harmless.
    pub async fn collect_garbage(&self) -> Result<Garbage, Error> {
        Ok(self.engine.collect_garbage().await?)
    }

    /// Reads every stored content to its last byte, and says what is missing or damaged.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails. What is damaged is no error but in the answer.
    pub async fn inspect(&self) -> Result<Inspection, Error> {
        let (files, bytes) = self.engine.content_totals().await?;
        self.progress.start(Phase::Verify, Some(files), Some(bytes));
        let progress = Arc::clone(&self.progress);
        let inspected = self
            .engine
            .inspect(Arc::new(move |files, bytes| progress.advance(files, bytes)));
        let inspected = inspected.await;
        self.progress.finish(Phase::Verify);
        Ok(inspected?)
    }

    /// Fetches damaged content anew from a registry that has it, and stores it in place of what is damaged.
    ///
    /// It is looked for in the versions of the same digest of the collection of the same name: in the project of the same
    /// name, of the same entity or of that registry's default one, which is where [`Client::copy_to`] brings versions.
    /// What comes is kept only if it is the very content, by its SHA-256.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry does not answer, [`Error::Store`] when the store fails. Content that is
    /// nowhere to be found is no error but in the answer.
    pub async fn repair(
        &self,
        damaged: Vec<DamagedBlob>,
        from: &Client,
    ) -> Result<Vec<Repair>, Error> {
        let mut sources = Sources {
            client: from,
            collections: HashMap::new(),
        };
        let mut repairs = Vec::with_capacity(damaged.len());
        for blob in damaged {
            let source = self.repair_one(&blob, &mut sources).await?;
            repairs.push(Repair { blob, source });
        }
        Ok(repairs)
    }

    async fn repair_one(
        &self,
        blob: &DamagedBlob,
        sources: &mut Sources<'_>,
    ) -> Result<Option<String>, Error> {
        for used in &blob.uses {
            let ContentUse::Entry { version, path } = used else {
                continue;
            };
            let Some(source) = self.source_of(version, sources).await? else {
                continue;
            };
            let folder =
                tempfile::tempdir().map_err(|source| Error::NoTemporaryFolder { source })?;
            if let Err(error) = bring(&source, path, folder.path()).await {
                // Another use may lead to another copy.
                tracing::warn!(%error, %source, %path, "the content could not be fetched");
                continue;
            }
            let file = folder.path().join(path.as_str());
            if self.engine.restore(blob.key, file).await? {
                return Ok(Some(source.to_string()));
            }
        }
        Ok(None)
    }

    /// Finds the version elsewhere that holds the same as one of this store.
    async fn source_of(
        &self,
        version: &QualifiedAddress,
        sources: &mut Sources<'_>,
    ) -> Result<Option<LoggedArtifact>, Error> {
        let record = self.engine.artifact(&version.clone().into()).await?;
        let default = ProjectAddress {
            entity: sources.client.default_entity().await?,
            project: version.project.project.clone(),
        };
        for project in [version.project.clone(), default] {
            let versions = sources.versions(project, version).await?;
            let is_same = |found: &&LoggedArtifact| {
                found.digest == record.digest && found.algorithm == record.algorithm
            };
            if let Some(found) = versions.iter().find(is_same) {
                return Ok(Some(found.clone()));
            }
        }
        Ok(None)
    }
}

/// The collections of a registry that were asked for.
struct Sources<'c> {
    client: &'c Client,
    collections: HashMap<String, Vec<LoggedArtifact>>,
}

impl Sources<'_> {
    /// Returns the versions of the collection of this name in a project; none where there is none.
    async fn versions(
        &mut self,
        project: ProjectAddress,
        of: &QualifiedAddress,
    ) -> Result<&[LoggedArtifact], Error> {
        match self.collections.entry(format!("{project}/{}", of.name)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let found = match self.client.versions(&project, &of.name).await {
                    Err(Error::Registry(
                        RegistryError::NoArtifact { .. }
                        | RegistryError::NoProject { .. }
                        | RegistryError::Forbidden { .. },
                    )) => Vec::new(),
                    found => found?,
                };
                Ok(unknown.insert(found))
            }
        }
    }
}

/// Fetches one entry of a version into a folder.
async fn bring(source: &LoggedArtifact, path: &LogicalPath, folder: &Path) -> Result<(), Error> {
    let only = globset::escape(path.as_str());
    source.download().include(only).to(folder).await.map(drop)
}
