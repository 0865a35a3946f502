//! Collections: names, types and numbering.

use artifact_core::ports::CollectionRecord;
use artifact_core::{Alias, ArtifactName, ArtifactType, Timestamp, VersionIndex};

use super::{CollectionKey, ProjectKey};
use crate::StoreError;

/// A collection, as the rules need it.
#[derive(Debug, Clone)]
pub(crate) struct CollectionRow {
    pub(crate) key: CollectionKey,
    pub(crate) artifact_type: ArtifactType,
    /// Whether it has any version, pending ones included.
    pub(crate) is_used: bool,
}

/// What can be asked of collections.
pub(crate) trait CollectionTable {
    /// Finds a collection.
    fn collection(
        &self,
        project: ProjectKey,
        name: &ArtifactName,
    ) -> Result<Option<CollectionRow>, StoreError>;

    /// Lists the collections with a committed version whose names sort after `after`, by name.
    fn collections(
        &self,
        project: ProjectKey,
        after: Option<&ArtifactName>,
        limit: u32,
    ) -> Result<Vec<CollectionRecord>, StoreError>;

    /// Lists the aliases of a collection.
    fn aliases(&self, collection: CollectionKey) -> Result<Vec<Alias>, StoreError>;
}

/// What can be done to collections.
pub(crate) trait CollectionTableMut {
    /// Creates a collection.
    fn insert_collection(
        &mut self,
        project: ProjectKey,
        name: &ArtifactName,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<CollectionKey, StoreError>;

    /// Gives a collection another type.
    fn set_type(
        &mut self,
        collection: CollectionKey,
        artifact_type: &ArtifactType,
    ) -> Result<(), StoreError>;

    /// Returns the next index of a collection, and uses it up.
    fn take_index(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<VersionIndex, StoreError>;
}
