//! The schema's scalars and enumerations in our types.

use super::schema;

/// JSON text.
#[derive(cynic::Scalar, Debug, Clone)]
#[cynic(graphql_type = "JSONString")]
pub(in crate::wandb) struct JsonText(pub(in crate::wandb) String);

/// A point in time, in ISO 8601.
#[derive(cynic::Scalar, Debug, Clone)]
pub(in crate::wandb) struct DateTime(pub(in crate::wandb) String);

/// A 64-bit integer.
#[derive(cynic::Scalar, Debug, Clone, Copy)]
pub(in crate::wandb) struct Int64(pub(in crate::wandb) i64);

/// Whether a version is ready.
#[derive(cynic::Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wandb) enum ArtifactState {
    Pending,
    Committed,
    Deleted,
    /// States that only some servers have: such versions are on their way out.
    #[cynic(fallback)]
    Other,
}

/// What a manifest holds of its version.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(graphql_type = "ArtifactManifestType")]
pub(in crate::wandb) enum ManifestType {
    Full,
    Patch,
    Incremental,
}

/// The hash function of a version's digests.
#[derive(cynic::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[cynic(graphql_type = "ArtifactDigestAlgorithm")]
pub(in crate::wandb) enum DigestAlgorithmName {
    #[cynic(rename = "MANIFEST_MD5")]
    Md5,
    #[cynic(rename = "MANIFEST_XXH128")]
    Xxh128,
}

/// How content is addressed.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(graphql_type = "ArtifactStorageLayout")]
pub(in crate::wandb) enum StorageLayout {
    V1,
    V2,
}

/// What to do with an upload in parts.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(rename_all = "None")]
pub(in crate::wandb) enum CompleteMultipartAction {
    Complete,
}
