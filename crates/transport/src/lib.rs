//! The flows of W&B Artifacts over the registry ports: save, fetch, verify.
//!
//! A flow moves an artifact between files on the local disk and a registry. It knows neither which registry that is
//! nor where its bytes are kept: the same code runs against the embedded engine and against a W&B server.
//!
//! * [`log`] saves a draft: [`prepare`] hashes it, and [`save`] logs what was prepared.
//! * [`fetch`] brings a version into a folder; nothing appears there that was not verified.
//! * [`copy`] brings a version of one registry to another.
//! * [`check_references`] says whether what a version refers to is still there, and [`freeze`] makes it content that the
//!   registry keeps.
//! * [`verify_stored`] and [`verify_folder`] say what is right, missing, changed or extra.

mod check;
mod contents;
mod error;
mod fetch;
mod hashing;
mod parallel;
mod progress;
mod references;
mod save;
mod scan;
mod stamp;
mod stat_cache;
mod verify;
pub mod wandb;

pub use contents::read_manifest;
pub use error::FlowError;
pub use fetch::{FetchLimits, FetchOptions, Fetched, fetch};
pub use progress::{NoProgress, Phase, Progress};
pub use references::{CheckedReference, ReferenceReport, ReferenceState, check_references};
pub use save::{
    CopyTarget, Prepared, Purpose, ResolverLookup, SaveTarget, Saved, SavedStats, UploadJournal,
    copy, freeze, log, log_again, prepare, save,
};
pub use scan::{FoundFile, ScanError, look_at_file, scan_folder};
pub use stat_cache::{Remembered, StatCache, StatLookup, StatShard};
pub use verify::{VerifyReport, verify_folder, verify_stored};

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
    /// Remembers what files held.
    pub stat_cache: StatCache,
    /// Watches.
    pub progress: Arc<dyn Progress>,
    /// Lets interrupted saves be continued; `None` where the registry does not keep what they have brought.
    pub journal: Option<UploadJournal>,
}
