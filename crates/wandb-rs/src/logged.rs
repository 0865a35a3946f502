//! A version that has been logged.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use artifact_core::ports::{ArtifactChanges, ArtifactRecord, RunRecord};
use manifest::Manifest;
use transport::VerifyReport;

use crate::{Artifact, Client, Download, Error};

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

    /// Returns a draft of the next version: it has the name, type, description, metadata and entries of this one, and not its
    /// aliases, tags and TTL. Entries may be removed and replaced; what stays is not sent again.
    ///
    /// ```
    /// use std::io::Write as _;
    ///
    /// use wandb_rs::{Artifact, Client};
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let client = Client::builder().store(folder.path()).open()?;
    /// let mut first = Artifact::new("data", "dataset")?;
    /// first.new_file("kept.txt", |file| file.write_all(b"kept"))?;
    /// first.new_file("wrong.txt", |file| file.write_all(b"wrong"))?;
    /// let v0 = client.save(first).await?;
    ///
    /// let mut next = v0.new_draft().await?;
    /// next.remove("wrong.txt")?;
    /// next.new_file("right.txt", |file| file.write_all(b"right"))?;
    /// let v1 = client.save(next).await?;
    /// assert_eq!((v1.version.get(), v1.file_count), (1, 2));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Flow`] when the manifest is damaged.
    pub async fn new_draft(&self) -> Result<Artifact, Error> {
        Artifact::drafted_from(&self.record, self.manifest().await?)
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
