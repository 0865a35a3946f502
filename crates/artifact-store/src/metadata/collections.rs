//! Collections: names, types and numbering.

use artifact_core::ports::CollectionRecord;
use artifact_core::{Alias, ArtifactName, ArtifactType, Tag, Timestamp, VersionIndex};

use super::{CollectionKey, ProjectKey};
use crate::StoreError;
use crate::service::{ArtifactTypeRecord, Collection, CollectionChanges, CollectionKind};

/// A collection, as the rules need it.
#[derive(Debug, Clone)]
pub(crate) struct CollectionRow {
    pub(crate) key: CollectionKey,
    pub(crate) kind: CollectionKind,
    pub(crate) artifact_type: ArtifactType,
    /// Whether it has any version, pending ones included.
    pub(crate) is_used: bool,
}

/// What can be asked of collections. Deleted ones are as if they were not there.
pub(crate) trait CollectionTable {
    /// Finds a collection.
    fn collection(
        &self,
        project: ProjectKey,
        name: &ArtifactName,
    ) -> Result<Option<CollectionRow>, StoreError>;

    /// Returns all that is known of a collection.
    fn collection_record(&self, key: CollectionKey) -> Result<Option<Collection>, StoreError>;

    /// Lists the portfolios of a project and the sequences with a committed version, in no order; only those of one
    /// type, if it is given.
    fn collection_records(
        &self,
        project: ProjectKey,
        artifact_type: Option<&ArtifactType>,
    ) -> Result<Vec<Collection>, StoreError>;

    /// Lists the types that a project has known, by name.
    fn artifact_types(&self, project: ProjectKey) -> Result<Vec<ArtifactTypeRecord>, StoreError>;

    /// Lists the sequences with a committed version whose names sort after `after`, by name.
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
        kind: CollectionKind,
        name: &ArtifactName,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<CollectionKey, StoreError>;

    /// Gives a collection another type.
    fn set_type(
        &mut self,
        collection: CollectionKey,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Changes what is given, and records that something changed.
    fn change_collection(
        &mut self,
        collection: CollectionKey,
        changes: &CollectionChanges,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records that something about a collection changed.
    fn touch_collection(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_collection(collection, &CollectionChanges::default(), now)
    }

    /// Gives a tag to a collection.
    fn put_collection_tag(
        &mut self,
        collection: CollectionKey,
        tag: &Tag,
    ) -> Result<(), StoreError>;

    /// Takes a tag from a collection, if it has it.
    fn delete_collection_tag(
        &mut self,
        collection: CollectionKey,
        tag: &Tag,
    ) -> Result<(), StoreError>;

    /// Marks a collection as deleted; its name is free again.
    fn delete_collection(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns the next index of a collection, and uses it up.
    fn take_index(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<VersionIndex, StoreError>;
}
