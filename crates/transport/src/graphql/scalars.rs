//! Scalars and enumerations of the schema.

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

/// The state of a version.
#[derive(cynic::Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactState {
    Pending,
    Committed,
    Deleted,
    /// States that only some servers have, of versions that are being deleted.
    #[cynic(fallback)]
    Other,
}

/// The kind of a manifest.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(graphql_type = "ArtifactManifestType")]
pub(crate) enum ManifestType {
    Full,
    Patch,
    Incremental,
}

/// The digest algorithm of a version.
#[derive(cynic::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[cynic(graphql_type = "ArtifactDigestAlgorithm")]
pub(crate) enum DigestAlgorithmName {
    #[cynic(rename = "MANIFEST_MD5")]
    Md5,
    #[cynic(rename = "MANIFEST_XXH128")]
    Xxh128,
}

/// The storage layout of content.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(graphql_type = "ArtifactStorageLayout")]
pub(crate) enum StorageLayout {
    V1,
    V2,
}

/// The action on a multipart upload.
#[derive(cynic::Enum, Debug, Clone, Copy)]
#[cynic(rename_all = "None")]
pub(crate) enum CompleteMultipartAction {
    Complete,
}
