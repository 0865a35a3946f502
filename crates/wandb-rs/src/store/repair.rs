//! Repair of damaged content in a store.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::path::Path;

use artifact_core::ports::{ArtifactRecord, ArtifactRegistry as _, RegistryError};
use artifact_core::records::RunAddress;
use artifact_core::{ArtifactName, LogicalPath, ProjectAddress, QualifiedAddress};
use artifact_store::{ContentUse, DamagedBlob};
use tempfile::TempDir;

use super::Store;
use crate::api::Run;
use crate::{Client, Error, LoggedArtifact};

/// Damaged content, and its repair.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Repair {
    /// The content.
    pub blob: DamagedBlob,
    /// The source of the repair; `None` if it is not repaired.
    pub source: Option<RepairSource>,
}

/// The source of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepairSource {
    /// A version elsewhere has the same content.
    Version(QualifiedAddress),
    /// A run elsewhere has the same file.
    Run(RunAddress),
    /// The store itself: a manifest was written anew from what it knows of the entries.
    Store,
}

impl fmt::Display for RepairSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(address) => address.fmt(formatter),
            Self::Run(address) => write!(formatter, "the run {address}"),
            Self::Store => formatter.write_str("the store itself"),
        }
    }
}

impl Store {
    /// Repairs damaged content as far as possible: manifests are rewritten from the rows of their entries,
    /// and other content is fetched `from` a registry that has it, if one is given.
    ///
    /// Files of versions are looked for in the versions of the same digest of the collection of the same name: in the
    /// project of the same name, of the same entity or of that registry's default one, which is where
    /// [`Client::copy_to`] brings versions. Files of runs are looked for in the run of the same id, likewise. What comes is
    /// kept only if it is the very content, by its SHA-256.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry does not answer, [`Error::Store`] when the store fails. Content that is
    /// nowhere to be found is no error but in the answer.
    pub async fn repair(
        &self,
        damaged: Vec<DamagedBlob>,
        from: Option<&Client>,
    ) -> Result<Vec<Repair>, Error> {
        let mut sources = from.map(Sources::new);
        let mut repairs = Vec::with_capacity(damaged.len());
        for blob in damaged {
            let fetched = match &mut sources {
                Some(sources) => self.fetch(&blob, sources).await?,
                None => None,
            };
            let source = match fetched {
                Some(source) => Some(source),
                None => self.rewrite_manifests(&blob).await?,
            };
            repairs.push(Repair { blob, source });
        }
        Ok(repairs)
    }

    /// Fetches the content from where the first of its uses leads that leads to it.
    async fn fetch(
        &self,
        blob: &DamagedBlob,
        sources: &mut Sources<'_>,
    ) -> Result<Option<RepairSource>, Error> {
        // A folder of its own for each try, which may leave something.
        let folder = || tempfile::tempdir().map_err(|source| Error::NoTemporaryFolder { source });
        for used in &blob.uses {
            let (folder, path, source) = match used {
                ContentUse::Entry { version, path } => {
                    let record = self.engine.artifact(&version.clone().into()).await?;
                    let folder = folder()?;
                    let source = sources.bring_entry(&record, path, &folder).await?;
                    (folder, path, source)
                }
                ContentUse::RunFile { run, name } => {
                    let folder = folder()?;
                    let source = sources.bring_run_file(run, name, &folder).await?;
                    (folder, name, source)
                }
                _ => continue,
            };
            if source.is_some() {
                let file = folder.path().join(path.as_str());
                if self.engine.restore(blob.key, file).await? {
                    return Ok(source);
                }
            }
        }
        Ok(None)
    }

    /// Writes the manifests anew that are in the content. Where it has other uses, these are not mended by it.
    async fn rewrite_manifests(&self, blob: &DamagedBlob) -> Result<Option<RepairSource>, Error> {
        let mut is_mended = !blob.uses.is_empty();
        for used in &blob.uses {
            is_mended &= match used {
                ContentUse::Manifest { version } => {
                    self.engine.rewrite_manifest(version.clone()).await?
                }
                _ => false,
            };
        }
        Ok(is_mended.then_some(RepairSource::Store))
    }
}

/// A registry, and what was found in it.
struct Sources<'c> {
    client: &'c Client,
    collections: HashMap<String, Vec<LoggedArtifact>>,
    runs: HashMap<RunAddress, Option<Run>>,
}

impl<'c> Sources<'c> {
    fn new(client: &'c Client) -> Self {
        Self {
            client,
            collections: HashMap::new(),
            runs: HashMap::new(),
        }
    }

    /// Fetches an entry of a version that holds the same as `record` into a folder; returns its source.
    async fn bring_entry(
        &mut self,
        record: &ArtifactRecord,
        path: &LogicalPath,
        folder: &TempDir,
    ) -> Result<Option<RepairSource>, Error> {
        for project in self.places(&record.project).await? {
            let versions = self.versions(project, &record.name).await?;
            let is_same = |found: &&LoggedArtifact| {
                found.digest == record.digest && found.algorithm == record.algorithm
            };
            let Some(found) = versions.iter().find(is_same) else {
                continue;
            };
            let only = globset::escape(path.as_str());
            let source = RepairSource::Version(found.address());
            let brought = found.download().include(only).to(folder.path()).await;
            if has_come(&brought.map(drop), &source, path) {
                return Ok(Some(source));
            }
        }
        Ok(None)
    }

    /// Fetches a file of the run of the same id into a folder; returns its source.
    async fn bring_run_file(
        &mut self,
        run: &RunAddress,
        name: &LogicalPath,
        folder: &TempDir,
    ) -> Result<Option<RepairSource>, Error> {
        for project in self.places(&run.project).await? {
            let address = RunAddress {
                project,
                id: run.id.clone(),
            };
            let Some(found) = self.run(address).await? else {
                continue;
            };
            let source = RepairSource::Run(found.address().clone());
            let brought = bring_file(found, name, folder.path()).await;
            if has_come(&brought, &source, name) {
                return Ok(Some(source));
            }
        }
        Ok(None)
    }

    /// Returns where content of `project` may be: in the project of the same name of the same entity, or of the default
    /// one.
    async fn places(&self, project: &ProjectAddress) -> Result<Vec<ProjectAddress>, Error> {
        let default = ProjectAddress {
            entity: self.client.default_entity().await?,
            project: project.project.clone(),
        };
        let mut places = vec![project.clone(), default];
        places.dedup();
        Ok(places)
    }

    /// Returns the versions of a collection; none where there is none.
    async fn versions(
        &mut self,
        project: ProjectAddress,
        name: &ArtifactName,
    ) -> Result<&[LoggedArtifact], Error> {
        match self.collections.entry(format!("{project}/{name}")) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let found = there(self.client.versions(&project, name).await)?;
                Ok(unknown.insert(found.unwrap_or_default()))
            }
        }
    }

    async fn run(&mut self, address: RunAddress) -> Result<Option<&Run>, Error> {
        match self.runs.entry(address) {
            Entry::Occupied(known) => Ok(known.into_mut().as_ref()),
            Entry::Vacant(unknown) => {
                let found = self.client.api().run(&unknown.key().to_string()).await;
                Ok(unknown.insert(there(found)?).as_ref())
            }
        }
    }
}

async fn bring_file(run: &Run, name: &LogicalPath, folder: &Path) -> Result<(), Error> {
    let file = run.file(name.as_str()).await?;
    file.download(folder).await.map(drop)
}

/// Makes nothing of what a registry does not have, or does not show.
fn there<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(Error::Registry(
            RegistryError::NoArtifact { .. }
            | RegistryError::NoProject { .. }
            | RegistryError::NoRun { .. }
            | RegistryError::Forbidden { .. },
        )) => Ok(None),
        found => found.map(Some),
    }
}

/// Returns whether content was found; if not, another place may have it.
fn has_come(brought: &Result<(), Error>, source: &RepairSource, path: &LogicalPath) -> bool {
    if let Err(error) = brought {
        tracing::warn!(%error, %source, %path, "the content could not be fetched");
    }
    brought.is_ok()
}
