//! A version that has been logged.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use artifact_core::ports::{ArtifactChanges, ArtifactRecord, RunRecord};
use artifact_core::{EntryUri, LogicalPath};
use manifest::Manifest;
use transport::{ReferenceReport, VerifyReport};

use crate::{Client, Download, Entry, Error, FreezeReferences};

/// A version that has been logged. Its [`ArtifactRecord`] is a dereference away: `artifact.version`.
#[derive(Debug, Clone)]
pub struct LoggedArtifact {
    client: Client,
    record: ArtifactRecord,
}

impl LoggedArtifact {
    pub(crate) const fn new(client: Client, record: ArtifactRecord) -> Self {
        Self { client, record }
    }

    /// Brings the version into a folder.
    pub fn download(&self) -> Download {
        Download::new(self.clone())
    }

    /// Returns the folder that a download goes to when it names none: `artifacts/NAME:vN`.
    ///
    /// On Windows, where a name cannot hold `:`, it is `artifacts\NAME-vN`. Source: wandb 0.31.0.
    #[must_use]
    pub fn default_root(&self) -> PathBuf {
        let separator = if cfg!(windows) { '-' } else { ':' };
        let name = format!("{}{separator}{}", self.record.name, self.record.version);
        self.client.settings().artifact_dir.join(name)
    }

    /// Reads the manifest: every entry with its digest and size.
    ///
    /// # Errors
    /// [`Error::Flow`] when it is damaged.
    pub async fn manifest(&self) -> Result<Manifest, Error> {
        Ok(transport::read_manifest(self.client.flow(), &self.record).await?)
    }

    /// Returns what the URIs of its entries start with: `wandb-artifact://` and the registry's id, in hex. Behind a `/`
    /// follows the path of an entry.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the registry's id is none that the protocol allows.
    pub fn uri(&self) -> Result<String, Error> {
        Ok(EntryUri::start(&self.record.id.0)?)
    }

    /// Finds the entry at `path`.
    ///
    /// # Errors
    /// [`Error::NoEntry`] when there is none, [`Error::Flow`] when the manifest is damaged.
    pub async fn entry(&self, path: impl AsRef<str>) -> Result<Entry, Error> {
        let path: LogicalPath = path.as_ref().parse()?;
        let manifest = self.manifest().await?;
        let Some(entry) = manifest.get(&path) else {
            return Err(Error::NoEntry {
                path,
                artifact: self.to_string(),
            });
        };
        let uri = EntryUri::new(&self.record.id.0, path)?;
        Ok(Entry::new(uri, entry.clone()))
    }

    /// Asks the stores of all references whether what was recorded can still be had; no content is fetched. Files of
    /// this machine are read only for versions of the embedded store, or where `allow_local` says so.
    ///
    /// # Errors
    /// [`Error::Flow`] when the manifest cannot be read. What is missing or changed is no error but in the report.
    pub async fn check_references(&self, allow_local: bool) -> Result<ReferenceReport, Error> {
        let (resolvers, allow_local) = self.client.resolvers_of_version(allow_local);
        let flow = self.client.flow();
        Ok(transport::check_references(flow, &self.record, resolvers, allow_local).await?)
    }

    /// Logs the content of its references as the next version.
    pub fn freeze_references(&self) -> FreezeReferences {
        FreezeReferences::new(self.clone())
    }

    /// Reads every file in `root`, and compares it with the version.
    ///
    /// # Errors
    /// [`Error::Flow`] when the folder cannot be read. What is missing, changed or extra is no error but in the report.
    pub async fn verify(&self, root: impl AsRef<Path>) -> Result<VerifyReport, Error> {
        Ok(transport::verify_folder(self.client.flow(), &self.record, root.as_ref()).await?)
    }

    /// Reads every content that the registry keeps of the version, and compares it with its digest.
    ///
    /// # Errors
    /// [`Error::Flow`] when the manifest cannot be read. What is missing or changed is no error but in the report.
    pub async fn verify_stored(&self) -> Result<VerifyReport, Error> {
        Ok(transport::verify_stored(self.client.flow(), &self.record).await?)
    }

    /// Changes description, metadata, TTL, aliases or tags; content never changes.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses.
    pub async fn update(&mut self, changes: ArtifactChanges) -> Result<(), Error> {
        self.record = self
            .client
            .registry()
            .update_artifact(&self.record.id, changes)
            .await?;
        Ok(())
    }

    /// Returns the run that logged the version, if one did.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn logged_by(&self) -> Result<Option<RunRecord>, Error> {
        Ok(self.client.registry().logged_by(&self.record.id).await?)
    }

    /// Returns the runs that use the version.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn used_by(&self) -> Result<Vec<RunRecord>, Error> {
        Ok(self.client.registry().used_by(&self.record.id).await?)
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) const fn record(&self) -> &ArtifactRecord {
        &self.record
    }
}

impl Deref for LoggedArtifact {
    type Target = ArtifactRecord;

    fn deref(&self) -> &ArtifactRecord {
        &self.record
    }
}

impl fmt::Display for LoggedArtifact {
    /// Writes the address that will always mean this version: `entity/project/name:vN`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record.address().fmt(formatter)
    }
}
