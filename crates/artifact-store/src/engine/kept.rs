//! Content that a version takes over from an earlier one, without sending it again.

use artifact_core::{EntryDigest, LogicalPath};

use crate::StoreError;
use crate::metadata::{CollectionKey, ContentRow, ManifestKey, ManifestRow, Snapshot, VersionKey};

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
                && version.state == artifact_core::ports::ArtifactState::Committed
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
