//! Versions, their aliases and their tags.

use artifact_core::ports::{ArtifactRecord, ArtifactState};
use artifact_core::{
    Alias, ArtifactDigest, DigestAlgorithm, Metadata, Tag, Timestamp, Ttl, VersionIndex,
};

use super::{CollectionKey, RunKey, VersionKey};
use crate::StoreError;

/// A version, as the rules need it.
#[derive(Debug, Clone)]
pub(crate) struct VersionRow {
    pub(crate) key: VersionKey,
    pub(crate) collection: CollectionKey,
    pub(crate) state: ArtifactState,
    pub(crate) digest: ArtifactDigest,
    pub(crate) algorithm: DigestAlgorithm,
    /// The aliases it is to get when it is committed.
    pub(crate) wanted_aliases: Vec<Alias>,
    pub(crate) tags: Vec<Tag>,
}

/// A version to insert as pending.
#[derive(Debug, Clone)]
pub(crate) struct NewVersion<'a> {
    pub(crate) collection: CollectionKey,
    pub(crate) run: Option<RunKey>,
    pub(crate) digest: ArtifactDigest,
    pub(crate) algorithm: DigestAlgorithm,
    pub(crate) description: Option<&'a str>,
    pub(crate) metadata: &'a Metadata,
    pub(crate) ttl: Ttl,
    pub(crate) wanted_aliases: &'a [Alias],
    pub(crate) tags: &'a [Tag],
    pub(crate) now: Timestamp,
}

/// What can be asked of versions.
pub(crate) trait VersionTable {
    /// Returns a version in whatever state.
    fn version(&self, key: VersionKey) -> Result<Option<VersionRow>, StoreError>;

    /// Returns what is known of a version; `None` unless it is committed.
    fn committed_record(&self, key: VersionKey) -> Result<Option<ArtifactRecord>, StoreError>;

    /// Finds the committed version with this index.
    fn version_at(
        &self,
        collection: CollectionKey,
        index: VersionIndex,
    ) -> Result<Option<VersionKey>, StoreError>;

    /// Finds the version that bears this alias.
    fn version_with_alias(
        &self,
        collection: CollectionKey,
        alias: &Alias,
    ) -> Result<Option<VersionKey>, StoreError>;

    /// Finds the committed version with this digest.
    fn version_with_digest(
        &self,
        collection: CollectionKey,
        digest: &ArtifactDigest,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<VersionKey>, StoreError>;

    /// Returns the committed version with the highest index.
    fn newest_version(&self, collection: CollectionKey) -> Result<Option<VersionKey>, StoreError>;

    /// Lists the committed versions below `before`, newest first.
    fn committed_records(
        &self,
        collection: CollectionKey,
        before: Option<VersionIndex>,
        limit: u32,
    ) -> Result<Vec<ArtifactRecord>, StoreError>;
}

/// What can be done to versions.
pub(crate) trait VersionTableMut {
    /// Inserts a pending version.
    fn insert_version(&mut self, version: &NewVersion<'_>) -> Result<VersionKey, StoreError>;

    /// Makes a pending version a committed one.
    fn set_committed(
        &mut self,
        key: VersionKey,
        index: VersionIndex,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Records how many entries a version has, and how many bytes they have together.
    fn set_totals(&mut self, key: VersionKey, size: u64, file_count: u64)
    -> Result<(), StoreError>;

    /// Changes what is given, and records that something changed.
    fn update_version(
        &mut self,
        key: VersionKey,
        description: Option<&str>,
        metadata: Option<&Metadata>,
        ttl: Option<Ttl>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Removes a version with its manifest, entries, aliases and tags.
    fn delete_version(&mut self, key: VersionKey) -> Result<(), StoreError>;

    /// Removes all pending versions; returns how many there were.
    fn delete_pending_versions(&mut self) -> Result<usize, StoreError>;

    /// Gives an alias to a version, and so takes it from any other of the collection.
    fn move_alias(
        &mut self,
        collection: CollectionKey,
        alias: &Alias,
        to: VersionKey,
    ) -> Result<(), StoreError>;

    /// Takes an alias from a version, if it bears it.
    fn delete_alias(&mut self, from: VersionKey, alias: &Alias) -> Result<(), StoreError>;

    /// Gives a tag to a version.
    fn put_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError>;

    /// Takes a tag from a version, if it has it.
    fn delete_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError>;
}
