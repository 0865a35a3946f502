//! An entry of a version that has been logged.

use std::ops::Deref;

use artifact_core::{AddReference, EntryUri, InvalidValue, LogicalPath, ReferenceUri};
use manifest::ManifestEntry;

use crate::ToReference;

/// An entry of a version that has been logged. Its [`ManifestEntry`] is a dereference away: `entry.size`.
///
/// Another artifact may refer to it, so that its content is stored once:
///
/// ```
/// # use wandb_rs::{Artifact, Client};
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let client = Client::builder().store(folder.path().join("store")).open()?;
/// # let mut data = Artifact::new("data", "dataset")?;
/// # data.new_file("train/a.txt", |file| std::io::Write::write_all(file, b"a"))?;
/// # client.save(data).await?;
/// let data = client.artifact("data:latest").await?;
/// let mut subset = Artifact::new("subset", "dataset")?;
/// subset.add_reference(&data.entry("train/a.txt").await?)?;
/// let subset = client.save(subset).await?;
/// subset.download().to(folder.path().join("copy")).await?;
/// assert_eq!(std::fs::read(folder.path().join("copy/a.txt"))?, b"a");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    uri: EntryUri,
    entry: ManifestEntry,
}

impl Entry {
    pub(crate) const fn new(uri: EntryUri, entry: ManifestEntry) -> Self {
        Self { uri, entry }
    }

    /// Returns its path in the artifact.
    #[must_use]
    pub const fn path(&self) -> &LogicalPath {
        self.uri.path()
    }

    /// Returns the URI by which another artifact refers to it: `wandb-artifact://…`.
    #[must_use]
    pub fn ref_url(&self) -> String {
        self.uri.to_string()
    }

    /// Returns what it refers to itself; `None` where its content is stored.
    #[must_use]
    pub const fn ref_target(&self) -> Option<&ReferenceUri> {
        self.entry.reference.as_ref()
    }
}

impl Deref for Entry {
    type Target = ManifestEntry;

    fn deref(&self) -> &ManifestEntry {
        &self.entry
    }
}

impl ToReference for &Entry {
    fn to_reference(self) -> Result<AddReference, InvalidValue> {
        self.ref_url().parse().map(AddReference::new)
    }
}

impl ToReference for Entry {
    fn to_reference(self) -> Result<AddReference, InvalidValue> {
        (&self).to_reference()
    }
}
