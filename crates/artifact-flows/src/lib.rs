//! The flows of W&B Artifacts over the registry ports: save, fetch, verify.
//!
//! A flow moves an artifact between files on the local disk and a registry. It knows neither which registry that is
//! nor where its bytes are kept: the same code runs against the embedded engine and against a W&B server.
//!
//! * [`log`] saves a draft: [`prepare`] hashes it, and [`save`] logs what was prepared.
//! * [`upsert`] saves one writer's share of a version that several write.
//! * [`fetch`] brings a version into a folder; nothing appears there that was not verified.
//! * [`copy`] brings a version of one registry to another.
//! * [`diff`] says what differs between two versions, [`lineage`] which runs made what of what.
//! * [`fetch_run_file`] brings a file of a run into a folder.
//! * [`check_references`] says whether what a version refers to is still there, and [`freeze`] makes it content that the
//!   registry keeps.
//! * [`verify_stored`] and [`verify_folder`] say what is right, missing, changed or extra.

mod blocking;
mod diff;
mod error;
mod fetch;
mod hashing;
mod lineage;
mod parallel;
mod progress;
mod read;
mod read_manifest;
mod references;
mod run_file;
mod save;
mod scan;
mod stamp;
mod stat_cache;
mod verify;
mod versions;

pub use diff::{ArtifactDiff, ChangedEntry, ContentDiff, SizedPath, Tensor, TensorDiff, diff};
pub use error::FlowError;
pub use fetch::{FetchJob, FetchLimits, FetchOptions, Fetched, fetch, fetch_all, fetch_entries};
pub use lineage::{Lineage, LineageDirection, LineageError, LineageLimits, LineageNode, lineage};
pub use progress::{NoProgress, Phase, Progress};
pub use read::{EntryStream, Reader, VerifiedFile};
pub use read_manifest::read_manifest;
pub use references::{
    CheckedReference, ReferenceReport, ReferenceState, ResolverLookup, check_references,
};
pub use run_file::fetch_run_file;
pub use save::{
    CopyTarget, InheritedEntries, InheritingDraft, PartialVersion, Prepared, Purpose, SaveTarget,
    Saved, SavedStats, UploadJournal, copy, freeze, log, log_existing, prepare, save, upsert,
};
pub use scan::{ScanError, ScannedFile, scan_folder, stat_file};
pub use stat_cache::{Remembered, StatCache, StatLookup, StatShard};
pub use verify::{VerifyReport, verify_folder, verify_stored};
pub use versions::{
    Asking, FoundVersion, RegistryOwner, VersionCache, find_version, find_versions,
};

use std::sync::Arc;

use artifact_core::ports::{ArtifactRegistry, BlobTransfer, ContentCache};

/// What every flow works with.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Where versions are kept.
    pub registry: Arc<dyn ArtifactRegistry>,
    /// How their bytes get there and back.
    pub transfer: Arc<dyn BlobTransfer>,
    /// Has content that was fetched before; of no use to a registry whose content is in local files.
    pub cache: Option<Arc<dyn ContentCache>>,
    /// Remembers versions that were read before; of no use to a registry that is as near.
    pub versions: Option<VersionCache>,
    /// Remembers what files held.
    pub stat_cache: StatCache,
    /// Watches.
    pub progress: Arc<dyn Progress>,
    /// Lets interrupted saves be continued; `None` where the registry does not keep what they have brought.
    pub journal: Option<UploadJournal>,
}
