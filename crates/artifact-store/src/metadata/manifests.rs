//! Manifests: the entries of a version as a whole.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, ContentKey};

use super::{BlobKey, ManifestKey, VersionKey};
use crate::StoreError;

/// A manifest.
#[derive(Debug, Clone)]
pub(crate) struct ManifestRow {
    pub(crate) key: ManifestKey,
    pub(crate) version: VersionKey,
    /// The version that it follows.
    pub(crate) base: Option<VersionKey>,
    /// The manifest file and the digest of its bytes, once it is there and agrees with the entries.
    pub(crate) file: Option<(ContentKey, ContentDigest)>,
}

/// The manifest file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ManifestFile {
    pub(crate) blob: BlobKey,
    pub(crate) digest: ContentDigest,
}

/// What can be asked of manifests.
pub(crate) trait ManifestTable {
    /// Returns a manifest.
    fn manifest(&self, key: ManifestKey) -> Result<Option<ManifestRow>, StoreError>;

    /// Returns the manifest of a version.
    fn manifest_of(&self, version: VersionKey) -> Result<Option<ManifestRow>, StoreError>;
}

/// What can be done to manifests.
pub(crate) trait ManifestTableMut {
    /// Inserts the manifest of a version.
    fn insert_manifest(
        &mut self,
        version: VersionKey,
        kind: ManifestKind,
        base: Option<VersionKey>,
    ) -> Result<ManifestKey, StoreError>;

    /// Records the file of a manifest, or that there is none that agrees with the entries.
    fn set_manifest_file(
        &mut self,
        key: ManifestKey,
        file: Option<ManifestFile>,
    ) -> Result<(), StoreError>;
}
