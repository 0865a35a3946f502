//! A version that has been logged.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::Timestamp;
use artifact_core::ports::{ArtifactChanges, ArtifactRecord, RunRecord};
use manifest::Manifest;
use tokio::sync::OnceCell;
use transport::{FoundVersion, VerifyReport};

use crate::{Client, Download, Error};

/// A version that has been logged. Its [`ArtifactRecord`] is a dereference away: `artifact.version`.
#[derive(Debug, Clone)]
pub struct LoggedArtifact {
    client: Client,
    record: ArtifactRecord,
    said_at: Option<Timestamp>,
    /// The manifest, once an entry was read.
    manifest: Arc<OnceCell<Manifest>>,
}

impl LoggedArtifact {
    pub(crate) fn new(client: Client, record: ArtifactRecord) -> Self {
        Self {
            client,
            record,
            said_at: None,
            manifest: Arc::default(),
        }
    }

    pub(crate) fn found(client: Client, found: FoundVersion) -> Self {
        Self {
            said_at: found.said_at,
            ..Self::new(client, found.record)
        }
    }

    /// Returns when the registry said what this knows of the version, where that is remembered and was not asked for now.
    ///
    /// Aliases, tags, description, metadata and TTL may be others since; the rest cannot.
    #[must_use]
    pub const fn said_at(&self) -> Option<Timestamp> {
        self.said_at
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
        self.root_in(&self.client.settings().artifact_dir)
    }

    /// Returns the version's own folder in `folder`.
    pub(crate) fn root_in(&self, folder: &Path) -> PathBuf {
        let separator = if cfg!(windows) { '-' } else { ':' };
        folder.join(format!(
            "{}{separator}{}",
            self.record.name, self.record.version
        ))
    }

    /// Reads the manifest: every entry with its digest and size.
    ///
    /// # Errors
    /// [`Error::Flow`] when it is damaged.
    pub async fn manifest(&self) -> Result<Manifest, Error> {
        Ok(transport::read_manifest(self.client.flow(), &self.record).await?)
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
        self.said_at = None;
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

    /// Returns the manifest, which is read once.
    pub(crate) async fn kept_manifest(&self) -> Result<&Manifest, Error> {
        self.manifest.get_or_try_init(|| self.manifest()).await
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
