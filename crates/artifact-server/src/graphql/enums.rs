//! The enumerations of the protocol.

use artifact_core::DigestAlgorithm;
use artifact_core::ports::{ArtifactState as State, ManifestKind};
use artifact_store::service::CollectionKind;
use async_graphql::Enum;

/// What state a version is in.
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

/// What a manifest holds of its version.
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

/// How a client addresses content in its URLs; every layout is stored the same way here.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactStorageLayout {
    V1,
    V2,
}

/// The hash function of a version's digests.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactDigestAlgorithm {
    #[graphql(name = "MANIFEST_MD5")]
    Md5,
    #[graphql(name = "MANIFEST_XXH128")]
    Xxh128,
}

impl From<ArtifactDigestAlgorithm> for DigestAlgorithm {
    fn from(algorithm: ArtifactDigestAlgorithm) -> Self {
        match algorithm {
            ArtifactDigestAlgorithm::Md5 => Self::Md5,
            ArtifactDigestAlgorithm::Xxh128 => Self::Xxh128,
        }
    }
}

impl From<DigestAlgorithm> for ArtifactDigestAlgorithm {
    fn from(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Md5 => Self::Md5,
            DigestAlgorithm::Xxh128 => Self::Xxh128,
        }
    }
}

/// What a collection is.
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

/// Whether a collection is there.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactCollectionState {
    Ready,
    Deleted,
}

/// What to do with an upload in parts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompleteMultipartAction {
    #[graphql(name = "Complete")]
    Complete,
}

/// How urgent an alert of a run is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlertSeverity {
    Info,
    Warn,
    Error,
}

/// What a feature flag of an organization goes by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RampIDType {
    #[graphql(name = "OrgName")]
    OrgName,
}
