//! The engine: the rules of versions, over a metadata store and a blob store.

mod catalog;
mod edits;
mod finish_upload;
mod garbage;
mod group_commit;
mod incoming_upload;
mod inspection;
mod lookup;
mod manifests;
mod multipart;
mod partial;
mod reconciliation;
mod registry;
mod runs;
mod transfer;
mod upload_requests;
mod versions;
mod writer;

pub(crate) use versions::{Creation, Origin};

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use artifact_core::Timestamp;
use finish_upload::FinishedUpload;
use group_commit::GroupCommit;

use crate::StoreError;
use crate::blobs::BlobStore;
use crate::metadata::MetadataStore;
use crate::options::EngineOptions;

pub use garbage::Garbage;
pub(crate) use incoming_upload::IncomingUpload;
pub use inspection::{ContentUse, DamagedBlob, Inspection, OnInspected};
pub(crate) use writer::Writer;

/// The embedded engine over one folder: a registry, and the transfer of bytes to and from it.
///
/// Cheap to clone. Any number of engines, in any number of processes, may work on one folder at once. What an engine
/// leaves unfinished, because its process died or because its last clone was dropped, is recovered by the next writer
/// that finds itself alone. So dropping the last clone may touch the disk.
#[derive(Clone)]
pub struct Engine {
    pub(crate) core: Arc<Core>,
}

impl Engine {
    /// Returns the engine over the metadata and the content of one store.
    pub fn new(
        metadata: Arc<dyn MetadataStore>,
        blobs: Arc<dyn BlobStore>,
        options: EngineOptions,
    ) -> Self {
        let core = Core {
            location: options.location.to_string(),
            metadata,
            blobs,
            finishing_uploads: GroupCommit::default(),
            storing_large_manifest: Mutex::default(),
            options,
            writer: OnceLock::new(),
            registering_writer: Mutex::default(),
        };
        Self {
            core: Arc::new(core),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Engine")
            .field(&self.core.location)
            .finish()
    }
}

/// State that the clones of an engine share. Its methods block.
pub(crate) struct Core {
    pub(crate) location: String,
    options: EngineOptions,
    pub(crate) metadata: Arc<dyn MetadataStore>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    finishing_uploads: GroupCommit<FinishedUpload, (), StoreError>,
    storing_large_manifest: Mutex<()>,
    writer: OnceLock<Writer>,
    registering_writer: Mutex<()>,
}

impl Core {
    /// Returns this engine as a writer; it is registered at the first write.
    pub(crate) fn writer(&self) -> Result<&Writer, StoreError> {
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        let _one_at_a_time = self
            .registering_writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        let registered = self
            .blobs
            .register_writer(&mut |store| self.recover(store))?;
        Ok(self.writer.get_or_init(|| Writer::new(registered)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.options.now()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let writer = self.writer.take();
        let left = writer.map(|writer| writer.leave(&mut |store| self.recover(store)));
        if let Some(Err(error)) = left {
            tracing::warn!(%error, store = self.location, "the next writer recovers the store");
        }
    }
}
