//! Entries: what a manifest holds at each path.

use artifact_core::{ContentDigest, ContentKey, EntryDigest, LogicalPath, ReferenceUri};
use serde_json::{Map, Value};

use super::{BlobKey, ManifestKey, VersionKey};
use crate::StoreError;

/// An entry to write.
#[derive(Debug, Clone)]
pub(crate) struct EntryRow {
    pub(crate) path: LogicalPath,
    pub(crate) digest: EntryDigest,
    pub(crate) size: Option<u64>,
    pub(crate) content: EntryContent,
    pub(crate) extra: Map<String, Value>,
    /// The version that first stored the content.
    pub(crate) birth: Option<VersionKey>,
}

/// Where the content of an entry is.
#[derive(Debug, Clone)]
pub(crate) enum EntryContent {
    Blob(BlobKey),
    Reference(ReferenceUri),
}

/// An entry whose content is stored.
#[derive(Debug, Clone)]
pub(crate) struct ContentRow {
    pub(crate) path: LogicalPath,
    pub(crate) digest: ContentDigest,
    pub(crate) size: u64,
    pub(crate) blob: BlobKey,
    /// The version that first stored it.
    pub(crate) birth: Option<VersionKey>,
}

/// An entry, as a listing or a manifest file shows it.
#[derive(Debug, Clone)]
pub(crate) struct ListedEntry {
    pub(crate) path: LogicalPath,
    pub(crate) digest: EntryDigest,
    pub(crate) size: Option<u64>,
    pub(crate) content: ListedContent,
    pub(crate) extra: Map<String, Value>,
    pub(crate) birth: Option<VersionKey>,
}

/// Where the content of a listed entry is.
#[derive(Debug, Clone)]
pub(crate) enum ListedContent {
    Blob(ContentKey),
    Reference(ReferenceUri),
}

/// Where the content of an entry can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoredContent {
    Blob(ContentKey),
    /// Not here: the entry is a reference.
    Elsewhere,
}

/// What can be asked of entries.
pub(crate) trait EntryTable {
    /// Returns where the content of the entries at these paths is, in order; `None` where there is no entry.
    fn stored_contents(
        &self,
        manifest: ManifestKey,
        paths: &[LogicalPath],
    ) -> Result<Vec<Option<StoredContent>>, StoreError>;

    /// Returns the entries at these paths, in order; `None` where the content is not stored.
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

    /// Finds stored content by the hash in its digest.
    fn content_with_hash(
        &self,
        manifest: ManifestKey,
        hash: &[u8],
    ) -> Result<Option<ContentKey>, StoreError>;

    /// Finds stored content by the hash in its digest in any manifest: in the first one after `after`.
    fn manifest_with_hash(
        &self,
        hash: &[u8],
        after: Option<ManifestKey>,
    ) -> Result<Option<(ManifestKey, ContentKey)>, StoreError>;

    /// Returns how many bytes the entries have together, and how many entries there are.
    fn totals(&self, manifest: ManifestKey) -> Result<(u64, u64), StoreError>;

    /// Returns the entry at a path, if its content is stored.
    fn content_at(
        &self,
        manifest: ManifestKey,
        path: &LogicalPath,
    ) -> Result<Option<ContentRow>, StoreError>;

    /// Lists the entries whose content is stored and whose paths sort after `after`, by path.
    fn contents_after(
        &self,
        manifest: ManifestKey,
        after: Option<&LogicalPath>,
        limit: u32,
    ) -> Result<Vec<ContentRow>, StoreError>;

    /// Hands the path and digest of each entry to `each`, by path.
    fn for_each_digest(
        &self,
        manifest: ManifestKey,
        each: &mut dyn FnMut(&LogicalPath, &EntryDigest),
    ) -> Result<(), StoreError>;
}

/// What can be done to entries.
pub(crate) trait EntryTableMut {
    /// Writes entries; one at the same path is replaced.
    fn put_entries(&mut self, manifest: ManifestKey, rows: &[EntryRow]) -> Result<(), StoreError>;

    /// Removes the entries at these paths.
    fn delete_entries(
        &mut self,
        manifest: ManifestKey,
        paths: &[LogicalPath],
    ) -> Result<(), StoreError>;

    /// Removes the references among the first `limit` entries whose paths sort after `after`; returns the last of these
    /// paths, or `None` where that was the end.
    fn delete_references(
        &mut self,
        manifest: ManifestKey,
        after: &str,
        limit: u32,
    ) -> Result<Option<String>, StoreError>;
}
