//! Collections of versions.

use crate::{ArtifactName, ArtifactType, ProjectAddress, Tag, Timestamp};

/// A registry's id of a collection; opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CollectionId(pub String);

/// The kind of a collection. Source: `ArtifactCollectionType` of the wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CollectionKind {
    /// Versions are created in it.
    Sequence,
    /// Versions of sequences are linked to it.
    Portfolio,
}

impl CollectionKind {
    /// Returns the protocol's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Portfolio => "portfolio",
        }
    }
}

/// A collection of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its id.
    pub id: CollectionId,
    /// Its number, unique in the registry.
    pub number: i64,
    /// Its kind.
    pub kind: CollectionKind,
    /// Its project.
    pub project: ProjectAddress,
    /// Its name.
    pub name: ArtifactName,
    /// The type of its versions.
    pub artifact_type: ArtifactType,
    /// Free text.
    pub description: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<Tag>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

/// Changes to a collection; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionChanges {
    /// The new name.
    pub name: Option<ArtifactName>,
    /// The new description.
    pub description: Option<String>,
}

/// A type of artifacts in a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactTypeRecord {
    /// Its number, unique in the registry.
    pub number: i64,
    /// The project.
    pub project: ProjectAddress,
    /// The type.
    pub name: ArtifactType,
    /// When it was first seen.
    pub created_at: Timestamp,
}
