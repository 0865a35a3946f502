//! Collections of versions: sequences and portfolios, their members, and the aliases in them.

use artifact_core::ports::CollectionRecord;
use artifact_core::records::{
    ArtifactTypeRecord, Collection, CollectionChanges, CollectionKind, Version,
};
use artifact_core::{
    Alias, ArtifactDigest, ArtifactName, ArtifactType, EntityName, Metadata, Tag, Timestamp,
    VersionIndex,
};

use super::{CollectionKey, ProjectKey, VersionKey};
use crate::StoreError;

/// The part of a collection that the engine's rules need.
#[derive(Debug, Clone)]
pub struct CollectionRow {
    /// The key.
    pub key: CollectionKey,
    /// The kind.
    pub kind: CollectionKind,
    /// The type of its versions.
    pub artifact_type: ArtifactType,
    /// Whether it has any version, pending ones included; always true of a portfolio.
    pub is_used: bool,
}

/// The membership of a version in a collection.
#[derive(Debug, Clone, Copy)]
pub struct MembershipRow {
    /// The row number: unique in the store.
    pub number: i64,
    /// The version.
    pub version: VersionKey,
    /// The collection.
    pub collection: CollectionKey,
    /// The version's index in the collection.
    pub index: VersionIndex,
    /// The time when the version was added to the collection.
    pub created_at: Timestamp,
}

/// The properties of a collection's member that listings filter and sort by.
#[derive(Debug, Clone)]
pub struct Member {
    /// The version.
    pub version: VersionKey,
    /// The entity that the version belongs to.
    pub entity: EntityName,
    /// The version's index in this collection.
    pub index: VersionIndex,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// Free text.
    pub description: Option<String>,
    /// The bytes of all entries.
    pub size: u64,
    /// The number of entries.
    pub file_count: u64,
    /// The time when the version was created.
    pub created_at: Timestamp,
    /// The time when the version was changed last.
    pub updated_at: Timestamp,
    /// Empty unless requested in full.
    pub metadata: Metadata,
    /// Empty unless requested in full.
    pub tags: Vec<Tag>,
    /// The aliases in this collection; empty unless requested in full.
    pub aliases: Vec<Alias>,
}

/// Reads collections. Deleted ones are as if they did not exist.
pub trait CollectionTable {
    /// Finds a collection by name.
    fn collection(
        &self,
        project: ProjectKey,
        name: &ArtifactName,
    ) -> Result<Option<CollectionRow>, StoreError>;

    /// Finds the record of a collection.
    fn collection_record(&self, key: CollectionKey) -> Result<Option<Collection>, StoreError>;

    /// Lists the portfolios of a project and the sequences with a committed version, in no order; only those of one
    /// type, if it is given.
    fn collection_records(
        &self,
        project: ProjectKey,
        artifact_type: Option<&ArtifactType>,
    ) -> Result<Vec<Collection>, StoreError>;

    /// Lists the types that a project has ever had, by name.
    fn artifact_types(&self, project: ProjectKey) -> Result<Vec<ArtifactTypeRecord>, StoreError>;

    /// Lists the sequences with a committed version whose names sort after `after`, by name.
    fn collections(
        &self,
        project: ProjectKey,
        after: Option<&ArtifactName>,
        limit: u32,
    ) -> Result<Vec<CollectionRecord>, StoreError>;

    /// Lists the aliases in a collection, sorted.
    fn aliases(&self, collection: CollectionKey) -> Result<Vec<Alias>, StoreError>;
}

/// Changes collections.
pub trait CollectionTableMut {
    /// Creates a collection, and its type if the project does not have it; an error if the name is in use.
    fn insert_collection(
        &mut self,
        project: ProjectKey,
        kind: CollectionKind,
        name: &ArtifactName,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<CollectionKey, StoreError>;

    /// Changes the type of a collection; a type that the project does not have is created.
    fn set_type(
        &mut self,
        collection: CollectionKey,
        artifact_type: &ArtifactType,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Applies changes to a collection, if any, and sets its time and its project's.
    fn update_collection(
        &mut self,
        collection: CollectionKey,
        changes: &CollectionChanges,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Adds a tag to a collection, if it does not have it.
    fn put_collection_tag(
        &mut self,
        collection: CollectionKey,
        tag: &Tag,
    ) -> Result<(), StoreError>;

    /// Removes a tag from a collection, if it has it.
    fn delete_collection_tag(
        &mut self,
        collection: CollectionKey,
        tag: &Tag,
    ) -> Result<(), StoreError>;

    /// Marks a collection as deleted; its name can be used again.
    fn delete_collection(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns the next index of a collection, from 0; none is ever returned twice.
    fn allocate_index(
        &mut self,
        collection: CollectionKey,
        now: Timestamp,
    ) -> Result<VersionIndex, StoreError>;
}

/// Reads memberships. Every committed version is a member of its sequence.
pub trait MembershipTable {
    /// Finds the membership of a version in a collection.
    fn membership(
        &self,
        version: VersionKey,
        collection: CollectionKey,
    ) -> Result<Option<MembershipRow>, StoreError>;

    /// Lists the memberships of a version, that in its sequence first, then by age.
    fn memberships_of(&self, version: VersionKey) -> Result<Vec<MembershipRow>, StoreError>;

    /// Lists the members of a collection, in no order.
    fn members(&self, collection: CollectionKey, in_full: bool) -> Result<Vec<Member>, StoreError>;

    /// Lists the members of a collection whose index is below `before`, the newest first.
    fn members_before(
        &self,
        collection: CollectionKey,
        before: Option<VersionIndex>,
        limit: u32,
    ) -> Result<Vec<(VersionIndex, Version)>, StoreError>;

    /// Returns the number of members of a collection.
    fn member_count(&self, collection: CollectionKey) -> Result<u64, StoreError>;

    /// Lists the members of a collection, the oldest first.
    fn member_keys(&self, collection: CollectionKey) -> Result<Vec<VersionKey>, StoreError>;

    /// Lists the aliases of these versions, sorted, each with its version and its collection.
    fn aliases_of_versions(
        &self,
        versions: &[VersionKey],
    ) -> Result<Vec<(VersionKey, CollectionKey, Alias)>, StoreError>;

    /// Lists the aliases of a version, sorted, each with its collection.
    fn aliases_of_version(
        &self,
        version: VersionKey,
    ) -> Result<Vec<(CollectionKey, Alias)>, StoreError>;
}

/// Changes memberships.
pub trait MembershipTableMut {
    /// Adds a version to a collection; an error if it is a member, or the index is in use.
    fn put_membership(
        &mut self,
        version: VersionKey,
        collection: CollectionKey,
        index: VersionIndex,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Removes a version from a collection, with its aliases there.
    fn delete_membership(
        &mut self,
        version: VersionKey,
        collection: CollectionKey,
    ) -> Result<(), StoreError>;
}
