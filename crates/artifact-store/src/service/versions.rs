//! Versions in every state, as clients read them.

use artifact_core::ports::{ArtifactId, ArtifactState};
use artifact_core::{
    ArtifactDigest, ArtifactType, DigestAlgorithm, EntityName, Metadata, Tag, Timestamp, Ttl,
    VersionIndex,
};

use super::{Collection, CollectionId, ListQuery, RunStorageId, Service, Slice};
use crate::StoreError;

/// A version. Source: the `Artifact` type of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Its id.
    pub id: ArtifactId,
    /// Its row number: unique in the store.
    pub number: i64,
    /// The sequence that it is a version of.
    pub sequence: Collection,
    /// Its index there; `None` until it is committed.
    pub index: Option<VersionIndex>,
    /// The type: the sequence's.
    pub artifact_type: ArtifactType,
    /// Whether it is ready.
    pub state: ArtifactState,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// The hash function of the digests.
    pub algorithm: DigestAlgorithm,
    /// Free text.
    pub description: Option<String>,
    /// Free JSON object.
    pub metadata: Metadata,
    /// How long it is kept.
    pub ttl: Ttl,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// The step of the run that logged it; `None` before the first step.
    pub history_step: Option<u64>,
    /// The bytes of all entries, references included.
    pub size: u64,
    /// How many entries it has, references included.
    pub file_count: u64,
    /// The run that logged it.
    pub run: Option<RunStorageId>,
    /// The account that created it.
    pub created_by: Option<EntityName>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When something about it changed last.
    pub updated_at: Timestamp,
}

impl Service {
    /// Finds a version, also a pending one; the id of a pending one that was found to equal a committed one means that
    /// one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn version(&self, id: &ArtifactId) -> Result<Option<Version>, StoreError> {
        let _ = id;
        todo!()
    }

    /// Lists the versions of a collection (for a portfolio: those linked to it), the newest first unless the query says
    /// otherwise.
    ///
    /// Each comes with its index in this collection. Without a filter on `state`, only committed ones.
    ///
    /// # Errors
    /// When the query cannot be read, and when the store fails.
    pub fn versions(
        &self,
        collection: &CollectionId,
        query: &ListQuery,
    ) -> Result<Slice<(VersionIndex, Version)>, StoreError> {
        let _ = (collection, query);
        todo!()
    }

    /// Returns the newest version of a sequence.
    ///
    /// # Errors
    /// When the store fails.
    pub fn latest_version(&self, collection: &CollectionId) -> Result<Option<Version>, StoreError> {
        let _ = collection;
        todo!()
    }

    /// Returns the version that a client knows under an id of its own, whatever its state; for the id of a sequence
    /// (`sequenceClientID`), its newest version.
    ///
    /// # Errors
    /// When the store fails.
    pub fn version_of_client_id(&self, client_id: &str) -> Result<Option<ArtifactId>, StoreError> {
        let _ = client_id;
        todo!()
    }
}
