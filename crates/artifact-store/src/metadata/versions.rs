//! Versions with their aliases and tags, and their lineage.

use artifact_core::ports::ArtifactRecord;
use artifact_core::records::{ArtifactState, Version};
use artifact_core::{
    Alias, ArtifactDigest, ContentKey, DigestAlgorithm, EntityName, Metadata, Tag, Timestamp, Ttl,
    VersionIndex,
};

use super::{CollectionKey, RunKey, VersionKey};
use crate::StoreError;

/// The part of a version that the engine's rules need.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// The key.
    pub key: VersionKey,
    /// Its sequence.
    pub collection: CollectionKey,
    /// Whether it is ready.
    pub state: ArtifactState,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// The hash function of the digests.
    pub algorithm: DigestAlgorithm,
    /// The aliases that it gets when it is committed.
    pub wanted_aliases: Vec<Alias>,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// Whether a committed version of the same digest takes its place.
    pub deduplicates: bool,
    /// Whether several writers contribute to it.
    pub is_distributed: bool,
    /// The time of its last change, or of the last request of its writer.
    pub updated_at: Timestamp,
}

/// A pending version to insert.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    /// Its sequence.
    pub collection: CollectionKey,
    /// The run that logs it.
    pub run: Option<RunKey>,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// The hash function of the digests.
    pub algorithm: DigestAlgorithm,
    /// Free text.
    pub description: Option<&'a str>,
    /// Free JSON object.
    pub metadata: &'a Metadata,
    /// The time to live.
    pub ttl: Ttl,
    /// The aliases that it gets when it is committed.
    pub wanted_aliases: &'a [Alias],
    /// Its tags.
    pub tags: &'a [Tag],
    /// The step of the run.
    pub history_step: Option<u64>,
    /// The id that its writers share, if there are several.
    pub distributed_id: Option<&'a str>,
    /// Whether a committed version of the same digest takes its place.
    pub deduplicates: bool,
    /// Whether it does not end with this process, because a remote client or several processes write it.
    pub outlives_process: bool,
    /// The account that creates it.
    pub created_by: Option<&'a EntityName>,
    /// The time.
    pub now: Timestamp,
}

/// The times before which a pending version that outlives its process counts as abandoned if it has not changed since.
#[derive(Debug, Clone, Copy)]
pub struct Abandoned {
    /// For versions with one writer.
    pub single: Timestamp,
    /// For versions with several writers.
    pub distributed: Timestamp,
}

/// Reads versions. The key of a version that was merged into another one stands for that one in
/// [`version`](Self::version), [`version_record`](Self::version_record) and
/// [`committed_record`](Self::committed_record).
pub trait VersionTable {
    /// Finds a version in whatever state.
    fn version(&self, key: VersionKey) -> Result<Option<VersionRow>, StoreError>;

    /// Finds the record of a version in whatever state.
    fn version_record(&self, key: VersionKey) -> Result<Option<Version>, StoreError>;

    /// Finds the record of a committed version as a member of its sequence.
    fn committed_record(&self, key: VersionKey) -> Result<Option<ArtifactRecord>, StoreError>;

    /// Finds the version with this index in a collection of either kind.
    fn version_at(
        &self,
        collection: CollectionKey,
        index: VersionIndex,
    ) -> Result<Option<VersionKey>, StoreError>;

    /// Finds the version with this alias.
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

    /// Finds the pending version that the writers with this id share.
    fn distributed_version(
        &self,
        collection: CollectionKey,
        distributed_id: &str,
    ) -> Result<Option<VersionKey>, StoreError>;

    /// Lists the pending versions of a collection, in no order.
    fn pending_versions(&self, collection: CollectionKey) -> Result<Vec<VersionKey>, StoreError>;

    /// Returns the keys of the content that abandoned versions use.
    fn abandoned_content(&self, abandoned: &Abandoned) -> Result<Vec<ContentKey>, StoreError>;

    /// Lists the committed versions whose time to live is over at `now` and that are in no portfolio, the oldest first.
    fn expired_versions(&self, now: Timestamp) -> Result<Vec<VersionKey>, StoreError>;

    /// Finds the version with the highest index in a collection of either kind.
    fn newest_version(&self, collection: CollectionKey) -> Result<Option<VersionKey>, StoreError>;

    /// Lists the committed versions of a sequence whose index is below `before`, the newest first.
    fn committed_records(
        &self,
        collection: CollectionKey,
        before: Option<VersionIndex>,
        limit: u32,
    ) -> Result<Vec<ArtifactRecord>, StoreError>;
}

/// Changes versions.
pub trait VersionTableMut {
    /// Inserts a pending version; an error if the collection has a pending one with the same distributed id.
    fn insert_version(&mut self, version: &NewVersion<'_>) -> Result<VersionKey, StoreError>;

    /// Makes a pending version a committed one; an error if the index is in use.
    fn set_committed(
        &mut self,
        key: VersionKey,
        index: VersionIndex,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Merges a pending version into a committed one, which takes over the runs that log it and the ids that clients gave
    /// it. From then on its key stands for that version.
    fn merge_version(&mut self, pending: VersionKey, into: VersionKey) -> Result<(), StoreError>;

    /// Marks a committed version as deleted, and deletes its memberships, aliases and manifests.
    fn set_deleted(&mut self, key: VersionKey, now: Timestamp) -> Result<(), StoreError>;

    /// Replaces the aliases that a pending version gets when it is committed.
    fn set_wanted_aliases(&mut self, key: VersionKey, aliases: &[Alias]) -> Result<(), StoreError>;

    /// Replaces the digest of a pending version.
    fn set_digest(&mut self, key: VersionKey, digest: &ArtifactDigest) -> Result<(), StoreError>;

    /// Sets the bytes of all entries and their count.
    fn set_totals(&mut self, key: VersionKey, size: u64, file_count: u64)
    -> Result<(), StoreError>;

    /// Changes what is given, and sets the time of the change.
    fn update_version(
        &mut self,
        key: VersionKey,
        description: Option<&str>,
        metadata: Option<&Metadata>,
        ttl: Option<Ttl>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes a version with its manifests, entries, aliases, tags, uploads in parts and client ids.
    fn delete_version(&mut self, key: VersionKey) -> Result<(), StoreError>;

    /// Deletes the pending versions that end with their process, and of the others those that are abandoned; returns
    /// their number.
    fn delete_pending_versions(&mut self, abandoned: &Abandoned) -> Result<usize, StoreError>;

    /// Moves an alias of a collection to a version, from whichever version has it.
    fn move_alias(
        &mut self,
        collection: CollectionKey,
        alias: &Alias,
        to: VersionKey,
    ) -> Result<(), StoreError>;

    /// Removes an alias of a collection from a version, if it has it.
    fn delete_alias(
        &mut self,
        collection: CollectionKey,
        alias: &Alias,
        from: VersionKey,
    ) -> Result<(), StoreError>;

    /// Adds a tag to a version, if it does not have it.
    fn put_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError>;

    /// Removes a tag from a version, if it has it.
    fn delete_tag(&mut self, version: VersionKey, tag: &Tag) -> Result<(), StoreError>;
}

/// A relation between a run and a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The run logs the version.
    Logs,
    /// The run uses the version.
    Uses,
}

/// A committed version that a run logs or uses.
#[derive(Debug, Clone)]
pub struct RelatedVersion {
    /// Its position in the order of the relation.
    pub position: i64,
    /// The version.
    pub version: Version,
}

/// An object that a client gave an id of its own.
#[derive(Debug, Clone, Copy)]
pub enum ClientObject {
    /// A version.
    Version(VersionKey),
    /// A sequence, which stands for its newest version.
    Sequence(CollectionKey),
}

/// Reads lineage, and the ids that clients give versions.
pub trait LineageTable {
    /// Lists the committed versions that a run logs or uses after position `after`, by position.
    fn related_versions(
        &self,
        run: RunKey,
        relation: Relation,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RelatedVersion>, StoreError>;

    /// Returns the number of committed versions that a run logs or uses, by entity.
    fn count_related(
        &self,
        run: RunKey,
        relation: Relation,
    ) -> Result<Vec<(EntityName, u64)>, StoreError>;

    /// Finds the first run that logged a version and is not deleted.
    fn logged_by(&self, version: VersionKey) -> Result<Option<RunKey>, StoreError>;

    /// Lists the runs that use a version and are not deleted, in the order of their first use.
    fn used_by(&self, version: VersionKey) -> Result<Vec<RunKey>, StoreError>;

    /// Lists the committed versions that this run was the first to log, among runs that are not deleted.
    fn versions_first_logged_by(&self, run: RunKey) -> Result<Vec<VersionKey>, StoreError>;

    /// Finds the version that a client's id stands for: of a sequence the newest committed version, or its newest pending
    /// one if none is committed.
    fn version_of_client_id(&self, client_id: &str) -> Result<Option<VersionKey>, StoreError>;
}

/// Changes lineage.
pub trait LineageTableMut {
    /// Records that a run logs a version; only the first time counts.
    fn put_output(&mut self, run: RunKey, version: VersionKey) -> Result<(), StoreError>;

    /// Records that a run uses a version; only the first time counts.
    fn put_usage(
        &mut self,
        run: RunKey,
        version: VersionKey,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Sets the object that a client's id stands for.
    fn put_client_id(&mut self, client_id: &str, object: ClientObject) -> Result<(), StoreError>;
}
