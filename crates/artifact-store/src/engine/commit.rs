//! Making a version visible and unchangeable.

use artifact_core::ports::{ArtifactId, ArtifactRecord};

use super::Core;
use super::labels::label;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{MetadataStoreExt as _, Transaction, VersionKey};

impl Core {
    /// Commits a pending version; where another one with the same digest was quicker, labels that one instead.
    pub(super) fn commit_artifact(&self, id: &ArtifactId) -> Result<ArtifactRecord, StoreError> {
        let pending = version_key(id)?;
        let session = self.session()?;
        let (committed, record) = self.metadata.writing(|tx| {
            let committed = self.commit(tx, pending)?;
            Ok((committed, self.record_of(tx, committed)?))
        })?;
        if committed == pending {
            session.note_committed(pending);
        } else {
            session.note_dropped(pending);
        }
        self.forget_parts(pending);
        Ok(record)
    }

    fn commit(&self, tx: &mut dyn Transaction, key: VersionKey) -> Result<VersionKey, StoreError> {
        let now = self.now();
        let pending = self.pending_version(&*tx, key)?;
        // Its file is set only once every entry of it has content.
        let manifest = tx.manifest_of(key)?;
        if manifest.is_none_or(|manifest| manifest.file.is_none()) {
            let needed = "pending with its manifest stored";
            return Err(Self::wrong_state(
                key,
                "pending without its manifest",
                needed,
            ));
        }
        let collection = pending.collection;
        let existing = tx.version_with_digest(collection, &pending.digest, pending.algorithm)?;
        if existing.is_some() {
            tx.delete_version(key)?;
        } else {
            let index = tx.take_index(collection, now)?;
            tx.set_committed(key, index, now)?;
        }
        let committed = existing.unwrap_or(key);
        label(
            tx,
            collection,
            committed,
            &pending.wanted_aliases,
            &pending.tags,
            now,
        )?;
        Ok(committed)
    }
}
