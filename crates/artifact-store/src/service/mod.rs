//! The engine as a server asks it: everything that the W&B protocol knows, on behalf of one account.
//!
//! The methods block, so that a handler may ask several questions in one hop to a thread where that is allowed.

mod access;
mod accounts;
mod aliases;
mod artifacts;
mod collections;
mod downloads;
mod entries;
mod lineage;
mod links;
mod listing;
mod new_key;
mod non_finite;
mod projects;
mod records;
mod run_files;
mod run_lines;
mod run_progress;
mod runs;
mod uploads;
mod versions;

use std::fmt;
use std::sync::Arc;

use artifact_core::EntityName;

pub use aliases::VersionAlias;
pub use artifact_core::ports::FileSelection;
pub use artifacts::{CreateVersion, Deduplication, UpdateVersion};
pub use downloads::Download;
pub use entries::{EntryLocation, VersionEntry};
pub use links::{LinkTarget, Membership};
pub use listing::{ListQuery, Listed, Slice};
pub use new_key::new_api_key;
pub use run_lines::StreamUpdate;
pub use uploads::{PartSpec, PartsUpload, Received, Receiver};

use crate::Engine;
use crate::engine::Core;

/// The engine on behalf of one caller. Cheap to clone; its methods block.
///
/// What the caller may not see is as if it were not there; what they may not change is
/// [`RegistryError::Forbidden`](artifact_core::ports::RegistryError::Forbidden).
#[derive(Clone)]
pub struct Service {
    core: Arc<Core>,
    caller: Caller,
}

/// On whose behalf the engine is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// The server itself: sees everything.
    Operator,
    /// An account: does not see what is personal to others.
    Account(EntityName),
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Service")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Returns the engine as it answers `caller`.
    #[must_use]
    pub fn service(&self, caller: Caller) -> Service {
        Service {
            core: Arc::clone(&self.core),
            caller,
        }
    }
}
