//! Manifests of versions, and their entries.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, ContentKey, EntryDigest, LogicalPath, ReferenceUri, RunId};
use serde_json::{Map, Value};

use super::{BlobKey, ManifestKey, RunKey, VersionKey};
use crate::StoreError;

/// A manifest.
#[derive(Debug, Clone)]
pub struct ManifestRow {
    /// The key.
    pub key: ManifestKey,
    /// Its version.
    pub version: VersionKey,
    /// The kind.
    pub kind: ManifestKind,
    /// The version that it builds on.
    pub base: Option<VersionKey>,
    /// The manifest file and the digest of its bytes, once it is stored and agrees with the entries.
    pub file: Option<(ContentKey, ContentDigest)>,
    /// The mark of the writer that is storing the manifest in several transactions, if there is one.
    pub storing: Option<StoringMark>,
}

/// The mark of a writer that stores a manifest in several transactions; each writer gets another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoringMark(pub i64);

/// The file of a manifest.
#[derive(Debug, Clone, Copy)]
pub struct ManifestFile {
    /// The content.
    pub blob: BlobKey,
    /// The digest of its bytes.
    pub digest: ContentDigest,
}

/// A conflict between two writers of one version: other content at the same path, or a file whose path is a folder of
/// the other's.
#[derive(Debug, Clone)]
pub struct PartialConflict {
    /// The path that is written now.
    pub path: LogicalPath,
    /// The path that was written first: the same one, or one above or below it.
    pub other_path: LogicalPath,
    /// The run that writes now, if it is one.
    pub own: Option<RunId>,
    /// The run that wrote first, if it was one.
    pub other: Option<RunId>,
}

/// A path that would be a file and a folder at once if a manifest were put on top of another one.
#[derive(Debug, Clone)]
pub struct BaseConflict {
    /// The path in the manifest.
    pub path: LogicalPath,
    /// The path in the base, above or below `path`.
    pub base_path: LogicalPath,
}

/// Reads manifests.
///
/// A version with several writers, or one that builds on another version, has partial manifests until it is committed:
/// those of another kind than [`ManifestKind::Full`]. Of the partial manifests of one run that have a file, the latest
/// one counts at each path.
pub trait ManifestTable {
    /// Finds a manifest.
    fn manifest(&self, key: ManifestKey) -> Result<Option<ManifestRow>, StoreError>;

    /// Finds the full manifest of a version.
    fn manifest_of(&self, version: VersionKey) -> Result<Option<ManifestRow>, StoreError>;

    /// Lists the partial manifests of a version, the oldest first.
    fn partial_manifests(&self, version: VersionKey) -> Result<Vec<ManifestRow>, StoreError>;

    /// Returns the keys of the content that partial manifests of a version use and manifest `whole` does not.
    fn unmerged_content(
        &self,
        version: VersionKey,
        whole: ManifestKey,
    ) -> Result<Vec<ContentKey>, StoreError>;

    /// Finds the first conflict, by path, of a partial manifest with the entries of other writers that count.
    fn partial_conflict(&self, partial: ManifestKey)
    -> Result<Option<PartialConflict>, StoreError>;

    /// Finds an entry of a manifest whose path is a folder of an entry of `base`, or the other way round.
    fn base_conflict(
        &self,
        manifest: ManifestKey,
        base: ManifestKey,
    ) -> Result<Option<BaseConflict>, StoreError>;
}

/// Changes manifests.
pub trait ManifestTableMut {
    /// Inserts a manifest; an error if it is a full one and the version has one.
    fn insert_manifest(
        &mut self,
        version: VersionKey,
        kind: ManifestKind,
        base: Option<VersionKey>,
        run: Option<RunKey>,
    ) -> Result<ManifestKey, StoreError>;

    /// Sets the file of a manifest, or removes it when it does not agree with the entries any more. Clears the mark of a
    /// writer that is storing the manifest.
    fn set_manifest_file(
        &mut self,
        key: ManifestKey,
        file: Option<ManifestFile>,
    ) -> Result<(), StoreError>;

    /// Marks a manifest as being stored in several transactions, and removes its file.
    fn begin_storing(&mut self, key: ManifestKey) -> Result<StoringMark, StoreError>;

    /// Deletes from the other partial manifests of the same run that have a file the entries that cannot coexist with
    /// this one: files where it has a folder, and files in a folder where it has a file. Returns the keys of their
    /// content.
    fn delete_own_conflicts(&mut self, partial: ManifestKey)
    -> Result<Vec<ContentKey>, StoreError>;

    /// Adds the entries of a partial manifest that count to manifest `whole`. Of two entries with the same path and
    /// digest the same one stays, whatever the order of the calls.
    fn merge_partial(&mut self, whole: ManifestKey, partial: ManifestKey)
    -> Result<(), StoreError>;

    /// Adds the entries of `base` to manifest `whole`, at paths where it has none.
    fn merge_base(&mut self, whole: ManifestKey, base: ManifestKey) -> Result<(), StoreError>;

    /// Deletes a manifest with its entries and uploads in parts.
    fn delete_manifest(&mut self, key: ManifestKey) -> Result<(), StoreError>;
}

/// An entry to write.
#[derive(Debug, Clone)]
pub struct EntryRow {
    /// The path.
    pub path: LogicalPath,
    /// The digest.
    pub digest: EntryDigest,
    /// The size in bytes; unknown for some references.
    pub size: Option<u64>,
    /// The content.
    pub content: EntryContent,
    /// The fields of the manifest entry that the engine does not interpret.
    pub extra: Map<String, Value>,
    /// The version that first stored the content.
    pub birth: Option<VersionKey>,
}

/// The content of an entry to write.
#[derive(Debug, Clone)]
pub enum EntryContent {
    /// A blob.
    Blob(BlobKey),
    /// The user's own store.
    Reference(ReferenceUri),
}

/// An entry whose content is a blob.
#[derive(Debug, Clone)]
pub struct ContentRow {
    /// The path.
    pub path: LogicalPath,
    /// The digest.
    pub digest: ContentDigest,
    /// The size in bytes.
    pub size: u64,
    /// The blob.
    pub blob: BlobKey,
    /// The version that first stored it.
    pub birth: Option<VersionKey>,
}

/// An entry as listings and manifest files show it.
#[derive(Debug, Clone)]
pub struct ListedEntry {
    /// The path.
    pub path: LogicalPath,
    /// The digest.
    pub digest: EntryDigest,
    /// The size in bytes; unknown for some references.
    pub size: Option<u64>,
    /// The content.
    pub content: ListedContent,
    /// The fields of the manifest entry that the engine does not interpret.
    pub extra: Map<String, Value>,
    /// The version that first stored the content.
    pub birth: Option<VersionKey>,
}

/// The content of a listed entry.
#[derive(Debug, Clone)]
pub enum ListedContent {
    /// A blob.
    Blob(ContentKey),
    /// The user's own store.
    Reference(ReferenceUri),
}

/// The content of an entry, without its address if it is a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredContent {
    /// A blob.
    Blob(ContentKey),
    /// A reference, whose content is not stored.
    Elsewhere,
}

/// Reads entries. Paths sort bytewise.
pub trait EntryTable {
    /// Returns the content of the entries at these paths, in order; `None` where there is no entry.
    fn stored_contents(
        &self,
        manifest: ManifestKey,
        paths: &[LogicalPath],
    ) -> Result<Vec<Option<StoredContent>>, StoreError>;

    /// Returns the entries at these paths, in order; `None` where there is no entry with a blob.
    fn contents_at(
        &self,
        manifest: ManifestKey,
        paths: &[&LogicalPath],
    ) -> Result<Vec<Option<ContentRow>>, StoreError>;

    /// Lists the entries whose paths sort after `after`, by path.
    fn entries_after(
        &self,
        manifest: ManifestKey,
        after: &str,
        limit: u32,
    ) -> Result<Vec<ListedEntry>, StoreError>;

    /// Returns the entries at those of the paths that have one, in order.
    fn entries_at(
        &self,
        manifest: ManifestKey,
        paths: &[&str],
    ) -> Result<Vec<ListedEntry>, StoreError>;

    /// Finds a blob in a manifest by the hash in its entry's digest.
    fn content_with_hash(
        &self,
        manifest: ManifestKey,
        hash: &[u8],
    ) -> Result<Option<ContentKey>, StoreError>;

    /// Finds a blob by the hash in its entry's digest, in the first manifest after `after` that has it.
    fn manifest_with_hash(
        &self,
        hash: &[u8],
        after: Option<ManifestKey>,
    ) -> Result<Option<(ManifestKey, ContentKey)>, StoreError>;

    /// Returns the bytes of all entries together, and the number of entries.
    fn manifest_totals(&self, manifest: ManifestKey) -> Result<(u64, u64), StoreError>;

    /// Lists the entries with a blob whose paths sort after `after`, by path.
    fn contents_after(
        &self,
        manifest: ManifestKey,
        after: Option<&LogicalPath>,
        limit: u32,
    ) -> Result<Vec<ContentRow>, StoreError>;

    /// Calls `each` with the path and the digest of each entry, by path.
    fn for_each_digest(
        &self,
        manifest: ManifestKey,
        each: &mut dyn FnMut(&LogicalPath, &EntryDigest),
    ) -> Result<(), StoreError>;
}

/// Changes entries.
pub trait EntryTableMut {
    /// Writes entries; one at the same path is replaced.
    fn put_entries(&mut self, manifest: ManifestKey, rows: &[EntryRow]) -> Result<(), StoreError>;

    /// Deletes the entries at these paths.
    fn delete_entries(
        &mut self,
        manifest: ManifestKey,
        paths: &[LogicalPath],
    ) -> Result<(), StoreError>;

    /// Deletes the references among the first `limit` entries whose paths sort after `after`; returns the last of these
    /// paths, or `None` at the end of the manifest.
    fn delete_references(
        &mut self,
        manifest: ManifestKey,
        after: &str,
        limit: u32,
    ) -> Result<Option<String>, StoreError>;
}
