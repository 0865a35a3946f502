//! Content that a version takes over from an earlier one, without sending it again.

use artifact_core::ports::{UploadGrant, UploadSpec};
use artifact_core::{EntryDigest, LogicalPath};
use serde_json::Map;

use crate::StoreError;
use crate::ids::artifact_id;
use crate::metadata::{
    CollectionKey, ContentRow, EntryContent, EntryRow, ManifestKey, ManifestRow, Snapshot,
    SnapshotExt as _, VersionKey,
};

/// Turns tickets for content that the version before has at the same path into entries: that need not be sent again.
pub(super) fn keep_unchanged(
    rows: &dyn Snapshot,
    manifest: &ManifestRow,
    collection: CollectionKey,
    files: &[UploadSpec],
    grants: &mut [UploadGrant],
    entries: &mut Vec<EntryRow>,
) -> Result<(), StoreError> {
    let newest = rows.newest_version(collection)?;
    let places = manifest.base.into_iter().chain(newest);
    for place in places {
        let Some(earlier) = rows.manifest_of(place)? else {
            continue;
        };
        let open: Vec<usize> = (0..files.len())
            .filter(|index| grants[*index].ticket.is_some())
            .collect();
        let paths: Vec<_> = open.iter().map(|index| &files[*index].path).collect();
        for (index, found) in open.iter().zip(rows.contents_at(earlier.key, &paths)?) {
            let (file, grant) = (&files[*index], &mut grants[*index]);
            let is_same = |row: &ContentRow| {
                row.digest == file.digest && file.size.is_none_or(|size| size == row.size)
            };
            let Some(row) = found.filter(is_same) else {
                continue;
            };
            let birth = row.birth.unwrap_or(place);
            grant.ticket = None;
            grant.birth_artifact = artifact_id(birth);
            entries.push(EntryRow {
                path: row.path,
                digest: row.digest.into(),
                size: Some(row.size),
                content: EntryContent::Blob(row.blob),
                extra: Map::new(),
                birth: Some(birth),
            });
        }
    }
    Ok(())
}

/// Finds content of earlier versions of the same collection.
///
/// An entry names the version that its content comes from. Only content of the same collection counts, since a digest
/// that can be forged must not give access to what others have stored.
#[derive(Debug)]
pub(super) struct KeptContent {
    version: VersionKey,
    collection: CollectionKey,
    base: Option<ManifestKey>,
    /// The version that an entry named last, and its manifest if it has one that counts.
    latest_birth: Option<(VersionKey, Option<ManifestKey>)>,
}

impl KeptContent {
    pub(super) fn new(
        rows: &dyn Snapshot,
        manifest: &ManifestRow,
        collection: CollectionKey,
    ) -> Result<Self, StoreError> {
        let base = match manifest.base {
            Some(base) => rows.manifest_of(base)?.map(|manifest| manifest.key),
            None => None,
        };
        Ok(Self {
            version: manifest.version,
            collection,
            base,
            latest_birth: None,
        })
    }

    /// Returns the content that an entry takes over from version `birth`: at the same path in the version that the
    /// manifest follows, or in `birth` itself.
    pub(super) fn find(
        &mut self,
        rows: &dyn Snapshot,
        path: &LogicalPath,
        digest: &EntryDigest,
        birth: Option<VersionKey>,
    ) -> Result<Option<ContentRow>, StoreError> {
        let Some(birth) = birth.filter(|birth| *birth != self.version) else {
            return Ok(None);
        };
        let places = [self.base, self.manifest_of(rows, birth)?];
        for manifest in places.into_iter().flatten() {
            let content = rows.content_at(manifest, path)?;
            if let Some(content) = content.filter(|row| digest.content() == Some(&row.digest)) {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }

    fn manifest_of(
        &mut self,
        rows: &dyn Snapshot,
        birth: VersionKey,
    ) -> Result<Option<ManifestKey>, StoreError> {
        if let Some((of, manifest)) = self.latest_birth
            && of == birth
        {
            return Ok(manifest);
        }
        let version = rows.version(birth)?;
        let counts = version.is_some_and(|version| {
            version.collection == self.collection
                && version.state == artifact_core::records::ArtifactState::Committed
        });
        let manifest = if counts {
            rows.manifest_of(birth)?.map(|manifest| manifest.key)
        } else {
            None
        };
        self.latest_birth = Some((birth, manifest));
        Ok(manifest)
    }
}
