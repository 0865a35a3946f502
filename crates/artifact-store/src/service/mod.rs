//! The engine as a server asks it: everything that the W&B protocol knows, on behalf of one account.
//!
//! The methods block, so that a handler may ask several questions in one hop to a thread where that is allowed.

mod accounts;
mod artifacts;
mod collections;
mod entries;
mod lineage;
mod listing;
mod memberships;
mod projects;
mod records;
mod run_files;
mod run_lines;
mod runs;
mod transfers;
mod versions;

use std::fmt;
use std::sync::Arc;

use artifact_core::EntityName;

pub use accounts::new_api_key;
pub use artifact_core::ports::FileSelection;
pub use artifacts::{CreateVersion, Deduplication, UpdateVersion};
pub use entries::{EntryLocation, VersionEntry};
pub use listing::{ListQuery, Listed, Slice};
pub use memberships::VersionAlias;
pub use memberships::{LinkTarget, Membership};
pub use run_lines::StreamUpdate;
pub use transfers::Download;
pub use transfers::{PartSpec, PartsUpload, Received, Receiver};

use crate::Engine;
use crate::engine::Core;

/// The engine on behalf of one caller. Cheap to clone; its methods block.
///
/// Objects that the caller may not see are reported as missing; changes that it may not make fail with
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
