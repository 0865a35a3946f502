//! Versions in collections: where they were made, and where they are linked.

use artifact_core::ports::ArtifactId;
use artifact_core::{
    Alias, ArtifactName, ProjectAddress, Timestamp, VersionIndex, VersionSelector,
};

use super::{Collection, CollectionId, Service, Version};
use crate::StoreError;

/// That a version is in a collection. Source: `ArtifactCollectionMembership` of the wire protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Membership {
    /// Its row number: unique in the store.
    pub number: i64,
    /// The collection.
    pub collection: Collection,
    /// The version.
    pub version: Version,
    /// The version's index in this collection: a portfolio numbers its own from 0.
    pub index: VersionIndex,
    /// The aliases that mean the version in this collection, sorted.
    pub aliases: Vec<Alias>,
    /// When the version came into the collection.
    pub created_at: Timestamp,
}

/// Where to link a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// The portfolio of this name, which is made, with its project, where it is not there.
    Named(ProjectAddress, ArtifactName),
    /// The portfolio with this id.
    Id(CollectionId),
}

impl Service {
    /// Finds a version in a collection of either kind, by alias or by its index there.
    ///
    /// # Errors
    /// When the store fails.
    pub fn membership(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        selector: &VersionSelector,
    ) -> Result<Option<Membership>, StoreError> {
        let _ = (project, name, selector);
        todo!()
    }

    /// Returns every collection that a version is in, its sequence first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn memberships(&self, id: &ArtifactId) -> Result<Vec<Membership>, StoreError> {
        let _ = id;
        todo!()
    }

    /// Links a committed version to a portfolio, and moves `aliases` and `latest` of the portfolio to it. One that is
    /// linked there already keeps its index.
    ///
    /// # Errors
    /// When there is no such version, when the portfolio is a sequence or has another type, and when the caller may
    /// not.
    pub fn link(
        &self,
        id: &ArtifactId,
        target: &LinkTarget,
        aliases: &[Alias],
    ) -> Result<Membership, StoreError> {
        let _ = (id, target, aliases);
        todo!()
    }

    /// Takes a version out of a portfolio; one that is not in it is no error.
    ///
    /// # Errors
    /// When there is no such portfolio, and when the caller may not.
    pub fn unlink(&self, id: &ArtifactId, portfolio: &CollectionId) -> Result<(), StoreError> {
        let _ = (id, portfolio);
        todo!()
    }
}
