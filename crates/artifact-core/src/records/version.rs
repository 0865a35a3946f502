//! Versions of artifacts.

use std::fmt;

use super::{Collection, RunStorageId};
use crate::{
    ArtifactDigest, ArtifactType, DigestAlgorithm, EntityName, Metadata, Tag, Timestamp, Ttl,
    VersionIndex,
};

/// A registry's id of an artifact version: standard base64, otherwise opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactId(pub String);

impl fmt::Display for ArtifactId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The state of a version. Source: `ArtifactState` of the wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArtifactState {
    /// Being written, and visible to its writers only.
    Pending,
    /// Complete, and unchangeable from here on.
    Committed,
    /// Deleted.
    Deleted,
}

/// A version in any state. Source: the `Artifact` type of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Its id.
    pub id: ArtifactId,
    /// Its number, unique in the registry.
    pub number: i64,
    /// The sequence that it was created in.
    pub sequence: Collection,
    /// Its index there; `None` until it is committed.
    pub index: Option<VersionIndex>,
    /// The type: the sequence's.
    pub artifact_type: ArtifactType,
    /// Its state.
    pub state: ArtifactState,
    /// The digest of all entries.
    pub digest: ArtifactDigest,
    /// The hash function of the digests.
    pub algorithm: DigestAlgorithm,
    /// Free text.
    pub description: Option<String>,
    /// Free JSON object.
    pub metadata: Metadata,
    /// The time after which it may be deleted.
    pub ttl: Ttl,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// The step of the run that logged it; `None` before the first step.
    pub history_step: Option<u64>,
    /// The bytes of all entries, references included.
    pub size: u64,
    /// The number of entries, references included.
    pub file_count: u64,
    /// The run that logged it.
    pub run: Option<RunStorageId>,
    /// The account that created it.
    pub created_by: Option<EntityName>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

impl Version {
    /// Returns whether it is complete, and not deleted.
    #[must_use]
    pub const fn is_committed(&self) -> bool {
        matches!(self.state, ArtifactState::Committed)
    }
}
