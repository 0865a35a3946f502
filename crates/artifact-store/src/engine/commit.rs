//! Making a version visible and unchangeable.

use artifact_core::ports::ArtifactRecord;
use artifact_core::records::{ArtifactId, ArtifactState};

use super::Core;
use super::labels::label;
use super::writer::Writer;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{
    ManifestRow, MetadataStoreExt as _, Scope, Transaction, VersionKey, VersionRow,
};

impl Core {
    /// Commits a pending version; where another one with the same digest was quicker, labels that one instead.
    pub(super) fn commit_artifact(&self, id: &ArtifactId) -> Result<ArtifactRecord, StoreError> {
        let committed = self.commit_version(version_key(id)?)?;
        self.metadata
            .reading(|rows| self.record_of(rows, committed))
    }

    /// Commits a pending version, from its shares where it has any; returns the version that it is from now on. Of a
    /// committed one it changes nothing.
    pub(crate) fn commit_version(&self, pending: VersionKey) -> Result<VersionKey, StoreError> {
        let writer = self.writer()?;
        let (committed, shares) = self
            .metadata
            .writing(&Scope::Whole, |tx| self.commit(tx, writer, pending))?;
        if committed == pending {
            writer.note_committed(pending);
        } else {
            writer.note_version_dropped(pending);
        }
        self.forget_parts(pending);
        let mut files = shares.iter().filter_map(|share| share.file.as_ref());
        files.try_for_each(|(key, _)| writer.note_possible_orphan(key))?;
        Ok(committed)
    }

    fn commit(
        &self,
        tx: &mut dyn Transaction,
        writer: &Writer,
        key: VersionKey,
    ) -> Result<(VersionKey, Vec<ManifestRow>), StoreError> {
        let now = self.now();
        let found = self.existing_version(&*tx, key)?;
        if found.state == ArtifactState::Committed {
            // Whoever did not hear the answer asks again.
            return Ok((VersionKey(found.number), Vec::new()));
        }
        let mut pending = self.pending_version(&*tx, key)?;
        let shares = tx.partial_manifests(key)?;
        let united = if shares.is_empty() {
            None
        } else {
            Some(Self::unite(tx, writer, &mut pending, &shares)?)
        };
        // Its file is set only once every entry of it has content.
        let manifest = tx.manifest_of(key)?;
        if united.is_none() && manifest.is_none_or(|manifest| manifest.file.is_none()) {
            return Err(Self::no_manifest(key));
        }
        let collection = pending.collection;
        let existing = find_equal(&*tx, &pending)?;
        if let Some(existing) = existing {
            tx.merge_version(key, existing)?;
        } else {
            if let Some(manifest) = united {
                self.write_manifest(tx, writer, key, manifest)?;
            }
            let index = tx.allocate_index(collection, now)?;
            tx.set_committed(key, index, now)?;
            tx.put_membership(key, collection, index, now)?;
        }
        let committed = existing.unwrap_or(key);
        let (aliases, tags) = (&pending.wanted_aliases, &pending.tags);
        label(tx, collection, committed, aliases, tags, now)?;
        Ok((committed, shares))
    }

    pub(super) fn no_manifest(key: VersionKey) -> StoreError {
        Self::wrong_state(
            key,
            "pending without its manifest",
            "pending with its manifest stored",
        )
    }
}

/// Finds the committed version that a pending one turns out to equal.
fn find_equal(
    tx: &dyn Transaction,
    pending: &VersionRow,
) -> Result<Option<VersionKey>, StoreError> {
    if !pending.deduplicates {
        return Ok(None);
    }
    tx.version_with_digest(pending.collection, &pending.digest, pending.algorithm)
}
