//! Use cases of W&B Artifacts over the registry ports: save, fetch, verify, and more.
//!
//! A use case moves an artifact between local files and a registry. It knows neither which registry that is nor where
//! its bytes are stored: the same code runs against the embedded engine and against a W&B server.
//!
//! * [`log`] saves a draft: [`prepare`] hashes it, and [`save`] logs the prepared artifact.
//! * [`upsert`] saves one writer's part of a distributed version.
//! * [`fetch`] downloads a version into a folder; only verified files appear there.
//! * [`copy`] copies a version from one registry to another.
//! * [`diff`] compares two versions, [`lineage`] finds the runs and versions they were made of.
//! * [`fetch_run_file`] downloads a file of a run.
//! * [`check_references`] checks whether the targets of references still exist, and [`freeze`] turns them into stored
//!   content.
//! * [`verify_stored`] and [`verify_folder`] report correct, missing, changed and extra files.

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
mod retry;
mod run_file;
mod save;
mod scan;
mod stamp;
mod stat_cache;
mod state;
mod verify;
mod versions;

pub use diff::{ArtifactDiff, ChangedEntry, ContentDiff, SizedPath, Tensor, TensorDiff, diff};
pub use error::FlowError;
pub use fetch::{FetchJob, FetchLimits, FetchOptions, Fetched, fetch, fetch_all, fetch_entries};
pub use lineage::{Lineage, LineageDirection, LineageError, LineageLimits, LineageNode, lineage};
pub use progress::{NoProgress, Phase, Progress, RetryProgress};
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
pub use stat_cache::{StatCache, StatEntry, StatLookup, StatShard};
pub use verify::{VerifyReport, verify_folder, verify_stored};
pub use versions::{
    FoundVersion, LookupPolicy, RegistryOwner, VersionCache, find_version, find_versions,
};

use std::sync::Arc;

use artifact_core::ports::{ArtifactRegistry, BlobTransfer, ContentCache};

/// Dependencies of every use case.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The registry.
    pub registry: Arc<dyn ArtifactRegistry>,
    /// Transfers content to and from the registry.
    pub transfer: Arc<dyn BlobTransfer>,
    /// Cache of downloaded content; `None` for a registry whose content is in local files.
    pub cache: Option<Arc<dyn ContentCache>>,
    /// Cache of version records; `None` for a local registry.
    pub versions: Option<VersionCache>,
    /// Cache of local files' digests.
    pub stat_cache: StatCache,
    /// Receives progress.
    pub progress: Arc<dyn Progress>,
    /// Lets interrupted saves be continued; `None` for a registry that does not keep their uploads.
    pub journal: Option<UploadJournal>,
}
