//! The engine: the rules of versions, over the metadata and the blobs.

mod accept;
mod awaited;
mod catalog;
mod changes;
mod commit;
mod create;
mod deletion;
mod garbage;
mod group_commit;
mod ingest;
mod inspection;
mod kept;
mod labels;
mod lineage;
mod links;
mod listing;
mod lookup;
mod manifest_steps;
mod manifests;
mod merge;
mod open;
mod parts;
mod receive;
mod reconcile;
mod recovery;
mod registry;
mod repair;
mod required;
mod run_files;
mod run_names;
mod runs;
mod shares;
mod stored_rows;
mod transfer;
mod uploads;

pub(crate) use create::{Creation, Origin};
pub(crate) use runs::requested_state;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use accept::SentFile;
use artifact_core::Timestamp;
use group_commit::GroupCommit;

use crate::StoreError;
use crate::blobs::BlobStore;
use crate::layout::StoreLayout;
use crate::metadata::MetadataStore;
use crate::options::EngineOptions;
use crate::part_files::PartFiles;
use crate::session::WriterSession;

pub use garbage::Garbage;
pub use inspection::{ContentUse, DamagedBlob, Inspection, OnInspected};
pub(crate) use receive::Intake;

/// The embedded engine over one folder: a registry, and the transfer of bytes to and from it.
///
/// Cheap to clone. Any number of engines, in any number of processes, may work on one folder at once. What an engine
/// leaves unfinished, because its process died or because its last clone was dropped, is cleared up by the next writer
/// that finds itself alone. So dropping the last clone may touch the disk.
#[derive(Clone)]
pub struct Engine {
    pub(crate) core: Arc<Core>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Engine")
            .field(&self.core.location)
            .finish()
    }
}

/// What all clones of an engine share. Its methods block.
pub(crate) struct Core {
    layout: StoreLayout,
    pub(crate) location: String,
    options: EngineOptions,
    pub(crate) metadata: Box<dyn MetadataStore>,
    blobs: Box<dyn BlobStore>,
    parts: PartFiles,
    accepting: GroupCommit<SentFile, (), StoreError>,
    storing_large_manifest: Mutex<()>,
    session: OnceLock<WriterSession>,
    starting_session: Mutex<()>,
}

impl Core {
    /// Returns the writers' session, starting it at the first write.
    pub(crate) fn session(&self) -> Result<&WriterSession, StoreError> {
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        let _one_at_a_time = self
            .starting_session
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        self.layout.create()?;
        let name = self.options.unique_name();
        let session = WriterSession::start(&self.layout, &name, || self.recover())?;
        Ok(self.session.get_or_init(|| session))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.options.now()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        let ended = self
            .session
            .take()
            .map(|session| session.end(|| self.recover()));
        if let Some(Err(error)) = ended {
            tracing::warn!(%error, store = self.location, "the next writer will clear up");
        }
    }
}
