//! The schema's scalars and enumerations in our types.

use super::schema;

/// JSON text.
#[derive(cynic::Scalar, Debug, Clone)]
#[cynic(graphql_type = "JSONString")]
pub(crate) struct JsonText(pub(crate) String);

/// A point in time, in ISO 8601.
#[derive(cynic::Scalar, Debug, Clone)]
pub(crate) struct DateTime(pub(crate) String);

/// A 64-bit integer.
#[derive(cynic::Scalar, Debug, Clone, Copy)]
pub(crate) struct Int64(pub(crate) i64);

/// Whether a version is ready.
#[derive(cynic::Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactState {
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
pub(crate) enum ManifestType {
    Full,
    Patch,
    Incremental,
}

/// The hash function of a version's digests.
#[derive(cynic::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[cynic(graphql_type = "ArtifactDigestAlgorithm")]
pub(crate) enum DigestAlgorithmName {
    #[cynic(rename = "MANIFEST_MD5")]
    Md5,
    #[cynic(rename = "MANIFEST_XXH128")]
    Xxh128,
}

/// How content is addressed.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(graphql_type = "ArtifactStorageLayout")]
pub(crate) enum StorageLayout {
    V1,
    V2,
}

/// What to do with an upload in parts.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(rename_all = "None")]
pub(crate) enum CompleteMultipartAction {
    Complete,
}
