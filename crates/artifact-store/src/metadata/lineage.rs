//! Which versions runs log and use, and what clients call versions.

use artifact_core::EntityName;

use super::{CollectionKey, RunKey, VersionKey};
use crate::StoreError;
use crate::service::Version;

/// How a run and a version have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Logs,
    Uses,
}

/// A committed version that a run has to do with.
#[derive(Debug, Clone)]
pub(crate) struct RelatedVersion {
    /// Its place in the order.
    pub(crate) position: i64,
    pub(crate) version: Version,
}

/// What a client gave an id of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ClientObject {
    Version(VersionKey),
    Sequence(CollectionKey),
}

/// What can be asked of lineage.
pub(crate) trait LineageTable {
    /// Lists the committed versions that a run logs or uses behind position `after`, in the order in which it began to.
    fn related_versions(
        &self,
        run: RunKey,
        relation: Relation,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RelatedVersion>, StoreError>;

    /// Returns the committed versions that no run that is not deleted logged before this one.
    fn versions_of_run(&self, run: RunKey) -> Result<Vec<VersionKey>, StoreError>;

    /// Returns how many committed versions of each entity a run logs or uses.
    fn count_related(
        &self,
        run: RunKey,
        relation: Relation,
    ) -> Result<Vec<(EntityName, u64)>, StoreError>;

    /// Returns the version that a client's id means: for a sequence's its newest, pending ones only where it has no other.
    fn version_of_client_id(&self, client_id: &str) -> Result<Option<VersionKey>, StoreError>;
}

/// What can be done to lineage.
pub(crate) trait LineageTableMut {
    /// Records that a run logs a version; the first time counts.
    fn put_output(&mut self, run: RunKey, version: VersionKey) -> Result<(), StoreError>;

    /// Records what a client's id means from now on.
    fn put_client_id(&mut self, client_id: &str, object: ClientObject) -> Result<(), StoreError>;
}
