//! Aliases of versions, each in one collection.

use artifact_core::ports::ArtifactId;
use artifact_core::{Alias, ArtifactName, ProjectAddress};

use super::{Collection, CollectionId, Service};
use crate::StoreError;

/// An alias that a version bears in a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionAlias {
    /// The alias.
    pub alias: Alias,
    /// The collection in which it means the version.
    pub collection: Collection,
}

impl Service {
    /// Returns the aliases that a version bears in every collection that it is in, sorted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn aliases_of_version(&self, id: &ArtifactId) -> Result<Vec<VersionAlias>, StoreError> {
        let _ = id;
        todo!()
    }

    /// Returns the aliases that a collection has, sorted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn aliases_of_collection(
        &self,
        id: &CollectionId,
    ) -> Result<Vec<VersionAlias>, StoreError> {
        let _ = id;
        todo!()
    }

    /// Moves aliases to a version, each in a collection that it is in.
    ///
    /// # Errors
    /// When the version is not in a collection, and when the caller may not.
    pub fn add_aliases(
        &self,
        id: &ArtifactId,
        aliases: &[(ProjectAddress, ArtifactName, Alias)],
    ) -> Result<(), StoreError> {
        let _ = (id, aliases);
        todo!()
    }

    /// Takes aliases away from a version; those that it does not bear are no error.
    ///
    /// # Errors
    /// When the caller may not.
    pub fn delete_aliases(
        &self,
        id: &ArtifactId,
        aliases: &[(ProjectAddress, ArtifactName, Alias)],
    ) -> Result<(), StoreError> {
        let _ = (id, aliases);
        todo!()
    }
}
