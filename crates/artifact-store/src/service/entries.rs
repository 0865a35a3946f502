//! The entries of a version, and where their content is.

use artifact_core::ports::DownloadTicket;
use artifact_core::records::{ArtifactId, ArtifactState};
use artifact_core::{EntityName, EntryDigest, LogicalPath, ReferenceUri};

use super::{ListQuery, Listed, Service, Slice};
use crate::StoreError;
use crate::engine::Core;
use crate::ids::artifact_id;
use crate::metadata::{
    ListedContent, ListedEntry, ManifestKey, ManifestRow, MetadataStoreExt as _, Snapshot,
    VersionKey,
};
use crate::tickets::download_ticket;

/// The most entries that are given at once.
const LARGEST_SLICE: u32 = 10_000;

/// An entry of a committed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionEntry {
    /// Its path.
    pub path: LogicalPath,
    /// Its digest.
    pub digest: EntryDigest,
    /// Its length in bytes, where it is known.
    pub size: Option<u64>,
    /// The version that first stored the content.
    pub birth: Option<ArtifactId>,
    /// The location of the content.
    pub location: EntryLocation,
}

/// The location of an entry's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryLocation {
    /// In the store.
    Stored(DownloadTicket),
    /// At this URI.
    Reference(ReferenceUri),
}

impl Service {
    /// Lists the entries of a committed version by path, references too; only those at `paths` if any are given.
    ///
    /// Entries are neither filtered nor ordered otherwise, and come from the store page by page, however many there are.
    ///
    /// # Errors
    /// When there is no such version, and when the store fails.
    pub fn entries(
        &self,
        id: &ArtifactId,
        paths: &[String],
        query: &ListQuery,
    ) -> Result<Slice<VersionEntry>, StoreError> {
        let limit = query.first.unwrap_or(LARGEST_SLICE).min(LARGEST_SLICE);
        // A path is its own cursor: it goes on where it would be, also when it is not there.
        let after = query.after.as_deref().unwrap_or_default();
        self.core.metadata.reading(|rows| {
            let (manifest, file_count) = self.committed_manifest(rows, id)?.ok_or_else(|| {
                let lookup = id.clone().into();
                self.core.no_artifact(&lookup, Vec::new())
            })?;
            let (mut entries, total) = if paths.is_empty() {
                let entries = rows.entries_after(manifest.key, after, limit + 1)?;
                (entries, file_count)
            } else {
                let mut wanted: Vec<&str> = paths.iter().map(String::as_str).collect();
                wanted.sort_unstable();
                wanted.dedup();
                let mut entries = rows.entries_at(manifest.key, &wanted)?;
                let total = entries.len() as u64;
                entries.retain(|entry| after < entry.path.as_str());
                (entries, total)
            };
            let has_more = (limit as usize) < entries.len();
            entries.truncate(limit as usize);
            let items = entries.into_iter().map(|entry| Listed {
                cursor: entry.path.to_string(),
                item: version_entry(entry),
            });
            Ok(Slice {
                items: items.collect(),
                has_more,
                total,
            })
        })
    }

    /// Finds the stored content of an entry of a committed version by the hash of its bytes, in hexadecimal.
    ///
    /// # Errors
    /// When the store fails.
    pub fn content_with_hash(
        &self,
        id: &ArtifactId,
        hash: &str,
    ) -> Result<Option<DownloadTicket>, StoreError> {
        let Some(hash) = bytes_of_hex(hash) else {
            return Ok(None);
        };
        self.core.metadata.reading(|rows| {
            let Some((manifest, _)) = self.committed_manifest(rows, id)? else {
                return Ok(None);
            };
            let key = rows.content_with_hash(manifest.key, &hash)?;
            Ok(key.map(|key| download_ticket(&key)))
        })
    }

    /// Finds the stored content of an entry by the hash of its bytes, in hexadecimal, in any committed version of an
    /// entity: one that was logged there, or is linked to from there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn content_of_entity(
        &self,
        entity: &EntityName,
        hash: &str,
    ) -> Result<Option<DownloadTicket>, StoreError> {
        let Some(hash) = bytes_of_hex(hash) else {
            return Ok(None);
        };
        self.core.metadata.reading(|rows| {
            if !self.may_see(rows, entity)? {
                return Ok(None);
            }
            let mut after = None;
            // A manifest at a time: one may have the same content at very many paths.
            while let Some((manifest, key)) = rows.manifest_with_hash(&hash, after)? {
                if self.is_of_entity(rows, manifest, entity)? {
                    return Ok(Some(download_ticket(&key)));
                }
                after = Some(manifest);
            }
            Ok(None)
        })
    }

    /// Returns where the manifest file of a committed version is.
    ///
    /// # Errors
    /// When the store fails.
    pub fn manifest_ticket(&self, id: &ArtifactId) -> Result<Option<DownloadTicket>, StoreError> {
        self.core.metadata.reading(|rows| {
            let manifest = self.committed_manifest(rows, id)?;
            let file = manifest.and_then(|(manifest, _)| manifest.file);
            Ok(file.map(|(key, _)| download_ticket(&key)))
        })
    }

    /// Whether a manifest is that of a committed version which the caller may see and an entity has.
    fn is_of_entity(
        &self,
        rows: &dyn Snapshot,
        manifest: ManifestKey,
        entity: &EntityName,
    ) -> Result<bool, StoreError> {
        let Some(manifest) = rows.manifest(manifest)? else {
            return Ok(false);
        };
        let version = self.visible_version(rows, &artifact_id(manifest.version))?;
        if version.is_none_or(|found| found.state != ArtifactState::Committed) {
            return Ok(false);
        }
        for membership in rows.memberships_of(manifest.version)? {
            let collection = Core::existing_collection(rows, membership.collection)?;
            if collection.project.entity == *entity {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the manifest of a committed version that the caller may see, and how many entries it has.
    fn committed_manifest(
        &self,
        rows: &dyn Snapshot,
        id: &ArtifactId,
    ) -> Result<Option<(ManifestRow, u64)>, StoreError> {
        let version = self.visible_version(rows, id)?;
        let Some(version) = version.filter(|found| found.state == ArtifactState::Committed) else {
            return Ok(None);
        };
        let manifest = rows.manifest_of(VersionKey(version.number))?;
        Ok(manifest.map(|manifest| (manifest, version.file_count)))
    }
}

fn version_entry(entry: ListedEntry) -> VersionEntry {
    VersionEntry {
        path: entry.path,
        digest: entry.digest,
        size: entry.size,
        birth: entry.birth.map(artifact_id),
        location: match entry.content {
            ListedContent::Blob(key) => EntryLocation::Stored(download_ticket(&key)),
            ListedContent::Reference(uri) => EntryLocation::Reference(uri),
        },
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| pairs.map(byte).collect())?
}
