//! Manifests: the entries of a version as a whole.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, ContentKey, LogicalPath, RunId};

use super::{BlobKey, ManifestKey, RunKey, VersionKey};
use crate::StoreError;

/// A manifest.
#[derive(Debug, Clone)]
pub(crate) struct ManifestRow {
    pub(crate) key: ManifestKey,
    pub(crate) version: VersionKey,
    pub(crate) kind: ManifestKind,
    /// The version that it follows.
    pub(crate) base: Option<VersionKey>,
    /// The manifest file and the digest of its bytes, once it is there and agrees with the entries.
    pub(crate) file: Option<(ContentKey, ContentDigest)>,
    /// Who is storing the manifest in several transactions, if anybody is.
    pub(crate) storing: Option<StoringMark>,
}

/// Tells whoever stores a manifest in several transactions from others who did so before or do so now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoringMark(pub(crate) i64);

/// The manifest file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ManifestFile {
    pub(crate) blob: BlobKey,
    pub(crate) digest: ContentDigest,
}

/// What two writers of one version have that does not go together: other content at the same path, or a file whose path
/// is a folder of the other's.
#[derive(Debug, Clone)]
pub(crate) struct ShareConflict {
    /// What is written now.
    pub(crate) path: LogicalPath,
    /// What was written first: the same path, or one above or below it.
    pub(crate) other_path: LogicalPath,
    /// The run that writes it now, if it is one.
    pub(crate) own: Option<RunId>,
    /// The run that wrote it first, if it was one.
    pub(crate) other: Option<RunId>,
}

/// A path that would be a file and a folder at once, were a manifest put on top of another one.
#[derive(Debug, Clone)]
pub(crate) struct BaseConflict {
    pub(crate) path: LogicalPath,
    /// The path in the manifest below, above or below `path`.
    pub(crate) base_path: LogicalPath,
}

/// What can be asked of manifests.
///
/// A version that several write, or that builds on another, has shares: manifests that are not full. Of the shares of
/// one run that have a file, the latest counts at each path.
pub(crate) trait ManifestTable {
    /// Returns a manifest.
    fn manifest(&self, key: ManifestKey) -> Result<Option<ManifestRow>, StoreError>;

    /// Returns the full manifest of a version.
    fn manifest_of(&self, version: VersionKey) -> Result<Option<ManifestRow>, StoreError>;

    /// Returns the shares of a version, the oldest first.
    fn shares_of(&self, version: VersionKey) -> Result<Vec<ManifestRow>, StoreError>;

    /// Returns the keys of the content that shares of a version use and its full manifest does not.
    fn content_left_out(
        &self,
        version: VersionKey,
        whole: ManifestKey,
    ) -> Result<Vec<ContentKey>, StoreError>;

    /// Returns what of a share does not go together with what counts of another writer, if anything does not.
    fn share_conflict(&self, share: ManifestKey) -> Result<Option<ShareConflict>, StoreError>;

    /// Returns an entry of a manifest that would be a folder of one of `base`, or the other way round, if there is any.
    fn base_conflict(
        &self,
        manifest: ManifestKey,
        base: ManifestKey,
    ) -> Result<Option<BaseConflict>, StoreError>;
}

/// What can be done to manifests and their entries as a whole.
pub(crate) trait ManifestTableMut {
    /// Inserts the manifest of a version.
    fn insert_manifest(
        &mut self,
        version: VersionKey,
        kind: ManifestKind,
        base: Option<VersionKey>,
        run: Option<RunKey>,
    ) -> Result<ManifestKey, StoreError>;

    /// Records the file of a manifest, or that there is none that agrees with the entries. Whoever is storing the
    /// manifest has lost it.
    fn set_manifest_file(
        &mut self,
        key: ManifestKey,
        file: Option<ManifestFile>,
    ) -> Result<(), StoreError>;

    /// Records that somebody begins to store a manifest in several transactions: it has no file until they are done.
    fn begin_storing(&mut self, key: ManifestKey) -> Result<StoringMark, StoreError>;

    /// Removes from the other shares of the same run that have a file what cannot be beside this one: files where this one
    /// has a folder, and what lies in a folder where it has a file. Returns the keys of the content.
    fn replace_own(&mut self, share: ManifestKey) -> Result<Vec<ContentKey>, StoreError>;

    /// Adds to manifest `whole` what counts of a share. Where two writers have the same content, the same entry stays
    /// whatever the order.
    fn add_share(&mut self, whole: ManifestKey, share: ManifestKey) -> Result<(), StoreError>;

    /// Adds to manifest `whole` the entries of `base` at paths where it has none.
    fn add_base(&mut self, whole: ManifestKey, base: ManifestKey) -> Result<(), StoreError>;

    /// Removes a manifest with its entries.
    fn delete_manifest(&mut self, key: ManifestKey) -> Result<(), StoreError>;
}
