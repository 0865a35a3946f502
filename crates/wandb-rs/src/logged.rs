//! A version that has been logged.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::ports::{AliasedDeletion, ArtifactChanges, ArtifactRecord, RegistryError};
use artifact_core::records;
use artifact_core::{Alias, EntryUri, Timestamp};
use artifact_flows::{
    ArtifactDiff, FoundVersion, Lineage, LineageDirection, LineageLimits, LineageNode,
    ReferenceReport, VerifyReport,
};
use manifest::Manifest;
use tokio::sync::OnceCell;

use crate::{Artifact, Client, Download, Entry, Error, FreezeReferences};

/// A version that has been logged. Its [`ArtifactRecord`] is a dereference away: `artifact.version`.
#[derive(Debug, Clone)]
pub struct LoggedArtifact {
    client: Client,
    record: ArtifactRecord,
    recorded_at: Option<Timestamp>,
    /// The manifest, once an entry was read.
    manifest: Arc<OnceCell<Manifest>>,
}

impl LoggedArtifact {
    pub(crate) fn new(client: Client, record: ArtifactRecord) -> Self {
        Self {
            client,
            record,
            recorded_at: None,
            manifest: Arc::default(),
        }
    }

    pub(crate) fn found(client: Client, found: FoundVersion) -> Self {
        Self {
            recorded_at: found.recorded_at,
            ..Self::new(client, found.record)
        }
    }

    /// Returns the time of the response that this record comes from, if it comes from the cache.
    ///
    /// Aliases, tags, description, metadata and TTL may be others since; the rest cannot.
    #[must_use]
    pub const fn recorded_at(&self) -> Option<Timestamp> {
        self.recorded_at
    }

    /// Downloads the version to a folder.
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
        Ok(artifact_flows::read_manifest(self.client.flow(), &self.record).await?)
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
    /// [`Error::Flow`] when there is none, or the manifest is damaged.
    pub async fn entry(&self, path: impl AsRef<str>) -> Result<Entry, Error> {
        let (path, entry) = self.find_entry(path.as_ref()).await?;
        let uri = EntryUri::new(&self.record.id.0, path)?;
        Ok(Entry::new(uri, entry.clone()))
    }

    /// Asks the stores of all references whether what was recorded can still be had; no content is fetched. Files of
    /// this machine are read only for versions of the embedded store, or with `allow_local`.
    ///
    /// # Errors
    /// [`Error::Flow`] when the manifest cannot be read. What is missing or changed is no error but in the report.
    pub async fn check_references(&self, allow_local: bool) -> Result<ReferenceReport, Error> {
        let (resolvers, allow_local) = self.client.resolvers_of_version(allow_local);
        let flow = self.client.flow();
        Ok(artifact_flows::check_references(flow, &self.record, resolvers, allow_local).await?)
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
        Ok(artifact_flows::verify_folder(self.client.flow(), &self.record, root.as_ref()).await?)
    }

    /// Reads every content that the registry keeps of the version, and compares it with its digest.
    ///
    /// # Errors
    /// [`Error::Flow`] when the manifest cannot be read. What is missing or changed is no error but in the report.
    pub async fn verify_stored(&self) -> Result<VerifyReport, Error> {
        Ok(artifact_flows::verify_stored(self.client.flow(), &self.record).await?)
    }

    /// Changes description, metadata, TTL, aliases or tags; content never changes. The aliases are those of the collection
    /// in which the version was found: of a linked version, the portfolio's.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry refuses.
    pub async fn update(&mut self, mut changes: ArtifactChanges) -> Result<(), Error> {
        let has_aliases =
            !changes.aliases_to_add.is_empty() || !changes.aliases_to_delete.is_empty();
        if !has_aliases || !self.is_link().await? {
            let registry = self.client.registry();
            let after = registry.update_artifact(&self.record.id, changes).await?;
            self.take(after);
            return Ok(());
        }
        let add = std::mem::take(&mut changes.aliases_to_add);
        let delete = std::mem::take(&mut changes.aliases_to_delete);
        let ArtifactRecord {
            id, project, name, ..
        } = &self.record;
        let catalog = self.client.catalog();
        catalog
            .change_aliases(id, project, name, &add, &delete)
            .await?;
        if changes != ArtifactChanges::default() {
            catalog.update_artifact(id, changes).await?;
        }
        self.record = catalog.artifact(&self.record.address().into()).await?;
        self.recorded_at = None;
        Ok(())
    }

    /// Takes over what changed of the version, and leaves what its place in a collection is.
    fn take(&mut self, changed: ArtifactRecord) {
        self.recorded_at = None;
        let is_here = self.record.project == changed.project && self.record.name == changed.name;
        let place = self.record.clone();
        self.record = changed;
        if !is_here {
            self.record.project = place.project;
            self.record.name = place.name;
            self.record.version = place.version;
            self.record.aliases = place.aliases;
        }
    }

    /// Returns the version as a member of the collection in which it was made; itself, unless it is a link.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn source(&self) -> Result<Self, Error> {
        let lookup = self.record.id.clone().into();
        let record = self.client.registry().artifact(&lookup).await?;
        Ok(Self::new(self.client.clone(), record))
    }

    /// Returns whether it was found in a collection to which it is linked, rather than in its own.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn is_link(&self) -> Result<bool, Error> {
        let source = self.source().await?;
        Ok(source.project != self.record.project || source.name != self.record.name)
    }

    /// Links the version to a collection, `[[entity/]project/]name`, which is made where it is not there, and moves
    /// `aliases` and `latest` of that collection to it. Returns it as a member of the collection.
    ///
    /// # Errors
    /// [`Error::Registry`] when versions are made in that collection, when it has another type, and when the registry
    /// refuses.
    pub async fn link(&self, target: &str, aliases: &[Alias]) -> Result<Self, Error> {
        let (project, name) = self.client.qualify_collection(target).await?;
        let catalog = self.client.catalog();
        let linked = catalog.link(&self.record.id, &project, &name, aliases);
        Ok(Self::new(self.client.clone(), linked.await?))
    }

    /// Takes the version out of the collection to which it is linked, and leaves the version itself alone.
    ///
    /// # Errors
    /// [`Error::Registry`] when it is no link, and when the registry refuses.
    pub async fn unlink(self) -> Result<(), Error> {
        if !self.is_link().await? {
            let what = format!("{self} is no link: the version was made in this collection");
            return Err(RegistryError::Rejected { what }.into());
        }
        let ArtifactRecord {
            id, project, name, ..
        } = &self.record;
        Ok(self.client.catalog().unlink(id, project, name).await?)
    }

    /// Returns the version as a member of each collection that it is linked to.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn links(&self) -> Result<Vec<Self>, Error> {
        let links = self.client.catalog().links(&self.record.id).await?;
        let links = links.into_iter();
        Ok(links
            .map(|record| Self::new(self.client.clone(), record))
            .collect())
    }

    /// Deletes the version with all links to it; of a link, only that link. Its number is not given again.
    ///
    /// A version that bears aliases is refused unless they may go with it.
    ///
    /// # Errors
    /// [`Error::Registry`] when it bears aliases, and when the registry refuses.
    pub async fn delete(self, aliased: AliasedDeletion) -> Result<(), Error> {
        if self.is_link().await? {
            return self.unlink().await;
        }
        let catalog = self.client.catalog();
        Ok(catalog.delete_artifact(&self.record.id, aliased).await?)
    }

    /// Walks to what the version was made of, and to what was made of it.
    ///
    /// # Errors
    /// [`Error::Lineage`] when the registry fails, and when there is more than the limits allow.
    pub async fn lineage(
        &self,
        direction: LineageDirection,
        limits: LineageLimits,
    ) -> Result<Lineage, Error> {
        let start = LineageNode::Artifact(self.record.clone());
        let catalog = self.client.catalog();
        Ok(artifact_flows::lineage(catalog, start, direction, limits).await?)
    }

    /// Compares the version with a newer one of the same registry, path by path, and where that is cheap also within
    /// files.
    ///
    /// # Errors
    /// [`Error::Flow`] when a manifest cannot be read.
    pub async fn diff(&self, newer: &Self) -> Result<ArtifactDiff, Error> {
        Ok(artifact_flows::diff(self.client.flow(), &self.record, &newer.record).await?)
    }

    /// Returns the run that logged the version, if one did.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn logged_by(&self) -> Result<Option<records::Run>, Error> {
        Ok(self.client.registry().logged_by(&self.record.id).await?)
    }

    /// Returns the runs that use the version.
    ///
    /// # Errors
    /// [`Error::Registry`] when the registry fails.
    pub async fn used_by(&self) -> Result<Vec<records::Run>, Error> {
        Ok(self.client.registry().used_by(&self.record.id).await?)
    }

    /// Returns the manifest, which is read once.
    pub(crate) async fn kept_manifest(&self) -> Result<&Manifest, Error> {
        self.manifest.get_or_try_init(|| self.manifest()).await
    }

    /// Returns the client that found the version.
    #[must_use]
    pub const fn client(&self) -> &Client {
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
