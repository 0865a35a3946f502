//! Versions, their aliases and their tags.

use artifact_core::ports::{ArtifactRecord, ArtifactState};
use artifact_core::{
    Alias, ArtifactDigest, ContentKey, DigestAlgorithm, EntityName, Metadata, Tag, Timestamp, Ttl,
    VersionIndex,
};

use super::{CollectionKey, RunKey, VersionKey};
use crate::StoreError;
use crate::service::Version;

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
    /// Whether a committed version of the same digest takes its place.
    pub(crate) deduplicates: bool,
    /// Whether several write it.
    pub(crate) is_distributed: bool,
    /// When it was changed last, or its writer gave a sign of life.
    pub(crate) updated_at: Timestamp,
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
    pub(crate) history_step: Option<u64>,
    pub(crate) distributed_id: Option<&'a str>,
    pub(crate) deduplicates: bool,
    /// Whether it does not end with this process: a client elsewhere writes it, or several processes do.
    pub(crate) outlives_process: bool,
    /// The account that creates it.
    pub(crate) created_by: Option<&'a EntityName>,
    pub(crate) now: Timestamp,
}

/// Which pending versions nobody is going to finish, of those that do not end with a process: what was last changed
/// before these times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abandoned {
    /// Of versions with one writer.
    pub(crate) single: Timestamp,
    /// Of versions with several.
    pub(crate) shared: Timestamp,
}

/// What can be asked of versions.
pub(crate) trait VersionTable {
    /// Returns a version in whatever state; for one that was merged into another, that one.
    fn version(&self, key: VersionKey) -> Result<Option<VersionRow>, StoreError>;

    /// Returns all that is known of a version in whatever state; for one that was merged into another, of that one.
    fn version_record(&self, key: VersionKey) -> Result<Option<Version>, StoreError>;

    /// Returns what is known of a version or of what it was merged into; `None` unless it is committed.
    fn committed_record(&self, key: VersionKey) -> Result<Option<ArtifactRecord>, StoreError>;

    /// Finds the version with this index in a collection of either kind.
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

    /// Finds the newest committed version with this digest.
    fn version_with_digest(
        &self,
        collection: CollectionKey,
        digest: &ArtifactDigest,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<VersionKey>, StoreError>;

    /// Finds the pending version that the writers with this id have in common.
    fn distributed_version(
        &self,
        collection: CollectionKey,
        distributed_id: &str,
    ) -> Result<Option<VersionKey>, StoreError>;

    /// Returns the pending versions of a collection.
    fn pending_versions(&self, collection: CollectionKey) -> Result<Vec<VersionKey>, StoreError>;

    /// Returns the keys of the content that abandoned versions use which do not end with their process.
    fn abandoned_content(&self, abandoned: &Abandoned) -> Result<Vec<ContentKey>, StoreError>;

    /// Returns the committed versions whose TTL is over at `now`, and that no portfolio has.
    fn expired_versions(&self, now: Timestamp) -> Result<Vec<VersionKey>, StoreError>;

    /// Returns the version with the highest index in a collection of either kind.
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

    /// Merges a pending version into a committed one: the runs that log it and what clients call it are that one's from
    /// now on, and its id means that one.
    fn merge_version(&mut self, pending: VersionKey, into: VersionKey) -> Result<(), StoreError>;

    /// Marks a committed version as deleted, and removes it from all collections with its aliases and its entries.
    fn set_deleted(&mut self, key: VersionKey, now: Timestamp) -> Result<(), StoreError>;

    /// Changes what a pending version is to be called.
    fn set_wanted_aliases(&mut self, key: VersionKey, aliases: &[Alias]) -> Result<(), StoreError>;

    /// Changes the digest of a pending version.
    fn set_digest(&mut self, key: VersionKey, digest: &ArtifactDigest) -> Result<(), StoreError>;

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

    /// Removes pending versions: all that end with the process that wrote them, and of the others those that are
    /// abandoned. Returns how many there were.
    fn delete_pending_versions(&mut self, abandoned: &Abandoned) -> Result<usize, StoreError>;

    /// Gives an alias to a version, and so takes it from any other of the collection.
    fn move_alias(
        &mut self,
        collection: CollectionKey,
        alias: &Alias,
        to: VersionKey,
    ) -> Result<(), StoreError>;

    /// Takes an alias of a collection from a version, if it bears it.
    fn delete_alias(
        &mut self,
        collection: CollectionKey,
        alias: &Alias,
        from: VersionKey,
    ) -> Result<(), StoreError>;

    /// Gives a tag to a version.
    fn put_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError>;

    /// Takes a tag from a version, if it has it.
    fn delete_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError>;
}
