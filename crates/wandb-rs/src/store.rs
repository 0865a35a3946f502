//! Maintenance of an embedded store: garbage collection, inspection and repair.

mod repair;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_flows::{NoProgress, Phase, Progress};
use artifact_store::Engine;

use crate::Error;
use crate::embedded::open_store;

pub use artifact_store::{DamagedBlob, Garbage, Inspection};
pub use repair::{Repair, RepairSource};

/// An embedded store, for maintenance.
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

impl Store {
    /// Opens the store in `folder`.
    ///
    /// # Errors
    /// [`Error::Store`] when there is none, or none that can be used.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Ok(Self {
            engine: open_store(&folder)?,
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

    /// Returns what [`collect_garbage`](Self::collect_garbage) would delete now; changes nothing.
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
    /// alone frees it. [`Garbage::is_freed`] distinguishes the two.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails. Stopping half-way is harmless.
    pub async fn collect_garbage(&self) -> Result<Garbage, Error> {
        Ok(self.engine.collect_garbage().await?)
    }

    /// Verifies all stored content byte by byte, and returns what is missing or damaged.
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
}
