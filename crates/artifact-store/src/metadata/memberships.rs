//! Which versions are in which collections, and the aliases that they bear there.

use artifact_core::{Alias, ArtifactDigest, EntityName, Metadata, Tag, Timestamp, VersionIndex};

use super::{CollectionKey, VersionKey};
use crate::StoreError;
use crate::service::Version;

/// That a version is in a collection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MembershipRow {
    pub(crate) number: i64,
    pub(crate) version: VersionKey,
    pub(crate) collection: CollectionKey,
    /// The version's index in the collection.
    pub(crate) index: VersionIndex,
    pub(crate) created_at: Timestamp,
}

/// A version in a collection, by what it can be filtered and ordered by.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) version: VersionKey,
    /// Whose it is.
    pub(crate) entity: EntityName,
    /// Its index in this collection.
    pub(crate) index: VersionIndex,
    pub(crate) digest: ArtifactDigest,
    pub(crate) description: Option<String>,
    pub(crate) size: u64,
    pub(crate) file_count: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Empty unless it was asked for in full.
    pub(crate) metadata: Metadata,
    /// Empty unless it was asked for in full.
    pub(crate) tags: Vec<Tag>,
    /// The aliases that it bears in this collection; empty unless it was asked for in full.
    pub(crate) aliases: Vec<Alias>,
}

/// What can be asked of memberships. Every committed version is in its sequence.
pub(crate) trait MembershipTable {
    /// Finds a version in a collection.
    fn membership(
        &self,
        version: VersionKey,
        collection: CollectionKey,
    ) -> Result<Option<MembershipRow>, StoreError>;

    /// Returns where a version is, its sequence first.
    fn memberships_of(&self, version: VersionKey) -> Result<Vec<MembershipRow>, StoreError>;

    /// Lists the versions in a collection, in no order.
    fn members(&self, collection: CollectionKey, in_full: bool) -> Result<Vec<Member>, StoreError>;

    /// Lists the versions in a collection whose index is below `before`, the newest first.
    fn members_before(
        &self,
        collection: CollectionKey,
        before: Option<VersionIndex>,
        limit: u32,
    ) -> Result<Vec<(VersionIndex, Version)>, StoreError>;

    /// Returns how many versions are in a collection.
    fn member_count(&self, collection: CollectionKey) -> Result<u64, StoreError>;

    /// Returns the versions in a collection.
    fn member_keys(&self, collection: CollectionKey) -> Result<Vec<VersionKey>, StoreError>;

    /// Returns the aliases that these versions bear, sorted, each with its version and its collection.
    fn aliases_of_versions(
        &self,
        versions: &[VersionKey],
    ) -> Result<Vec<(VersionKey, CollectionKey, Alias)>, StoreError>;

    /// Returns the aliases that a version bears, sorted, each with its collection.
    fn aliases_of_version(
        &self,
        version: VersionKey,
    ) -> Result<Vec<(CollectionKey, Alias)>, StoreError>;
}

/// What can be done to memberships.
pub(crate) trait MembershipTableMut {
    /// Puts a version into a collection.
    fn put_membership(
        &mut self,
        version: VersionKey,
        collection: CollectionKey,
        index: VersionIndex,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Takes a version out of a collection, with the aliases that it bears there.
    fn delete_membership(
        &mut self,
        version: VersionKey,
        collection: CollectionKey,
    ) -> Result<(), StoreError>;
}
