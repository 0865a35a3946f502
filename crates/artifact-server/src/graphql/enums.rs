//! The enumerations of the protocol.

use artifact_core::ports::ManifestKind;
use artifact_core::records::{ArtifactState as State, CollectionKind};
use async_graphql::Enum;

/// The state of a version.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactState {
    Pending,
    Committed,
    Deleted,
}

impl From<State> for ArtifactState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Committed => Self::Committed,
            _ => Self::Deleted,
        }
    }
}

/// The part of a version that a manifest holds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactManifestType {
    Full,
    Patch,
    Incremental,
}

impl From<ArtifactManifestType> for ManifestKind {
    fn from(kind: ArtifactManifestType) -> Self {
        match kind {
            ArtifactManifestType::Full => Self::Full,
            ArtifactManifestType::Patch => Self::Patch,
            ArtifactManifestType::Incremental => Self::Incremental,
        }
    }
}

/// Layout of the URLs by which a client addresses content; the store has only one.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactStorageLayout {
    V1,
    V2,
}

/// The hash function of a version's digests.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "artifact_core::DigestAlgorithm")]
pub(crate) enum ArtifactDigestAlgorithm {
    #[graphql(name = "MANIFEST_MD5")]
    Md5,
    #[graphql(name = "MANIFEST_XXH128")]
    Xxh128,
}

/// The kind of a collection.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactCollectionType {
    Sequence,
    Portfolio,
}

impl From<ArtifactCollectionType> for CollectionKind {
    fn from(kind: ArtifactCollectionType) -> Self {
        match kind {
            ArtifactCollectionType::Sequence => Self::Sequence,
            ArtifactCollectionType::Portfolio => Self::Portfolio,
        }
    }
}

/// The state of a collection.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactCollectionState {
    Ready,
    Deleted,
}

/// The action on a multipart upload.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompleteMultipartAction {
    #[graphql(name = "Complete")]
    Complete,
}

/// The severity of an alert.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlertSeverity {
    Info,
    Warn,
    Error,
}

/// The key by which feature flags of an organization are rolled out.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RampIDType {
    #[graphql(name = "OrgName")]
    OrgName,
}
