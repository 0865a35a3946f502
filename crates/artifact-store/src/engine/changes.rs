//! Changing what may change of a committed version.

use artifact_core::ports::{ArtifactChanges, ArtifactRecord};
use artifact_core::records::ArtifactId;

use super::Core;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{MetadataStoreExt as _, Scope};

impl Core {
    /// Applies changes to a committed version; additions before deletions, as the official client sends them.
    pub(crate) fn update_artifact(
        &self,
        id: &ArtifactId,
        changes: &ArtifactChanges,
    ) -> Result<ArtifactRecord, StoreError> {
        let (key, now) = (version_key(id)?, self.now());
        self.metadata.writing(&Scope::Whole, |tx| {
            let version = self.committed_version(&*tx, key)?;
            for alias in &changes.aliases_to_add {
                tx.move_alias(version.collection, alias, version.key)?;
            }
            for alias in &changes.aliases_to_delete {
                tx.delete_alias(version.collection, alias, version.key)?;
            }
            for tag in &changes.tags_to_add {
                tx.put_tag(version.key, tag)?;
            }
            for tag in &changes.tags_to_delete {
                tx.delete_tag(version.key, tag)?;
            }
            let (description, metadata) =
                (changes.description.as_deref(), changes.metadata.as_ref());
            tx.update_version(version.key, description, metadata, changes.ttl, now)?;
            self.record_of(&*tx, key)
        })
    }
}
