//! Aliases of versions, each in one collection.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use artifact_core::records::{ArtifactId, Collection, CollectionId, Version};
use artifact_core::{Alias, ArtifactName, ProjectAddress};

use super::Service;
use crate::StoreError;
use crate::engine::Core;
use crate::ids::version_key;
use crate::metadata::{CollectionKey, MetadataStoreExt as _, VersionKey};

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
        self.core.metadata.reading(|rows| {
            let Some(version) = self.visible_version(rows, id)? else {
                return Ok(Vec::new());
            };
            let mut aliases = Vec::new();
            for (collection, alias) in rows.aliases_of_version(VersionKey(version.number))? {
                let collection = Core::existing_collection(rows, collection)?;
                if self.may_see(rows, &collection.project.entity)? {
                    aliases.push(VersionAlias { alias, collection });
                }
            }
            Ok(aliases)
        })
    }

    /// As [`aliases_of_version`](Self::aliases_of_version), of several versions that the caller was shown, at once; in
    /// their order.
    ///
    /// # Errors
    /// When the store fails.
    pub fn aliases_of_each<'a>(
        &self,
        versions: impl IntoIterator<Item = &'a Version>,
    ) -> Result<Vec<Vec<VersionAlias>>, StoreError> {
        let versions = versions.into_iter().map(|version| version.number);
        let versions: Vec<i64> = versions.collect();
        self.core.metadata.reading(|rows| {
            let mut collections: HashMap<CollectionKey, Option<Collection>> = HashMap::new();
            let mut of_version: HashMap<VersionKey, Vec<VersionAlias>> = HashMap::new();
            let keys: Vec<_> = versions.iter().copied().map(VersionKey).collect();
            for (version, place, alias) in rows.aliases_of_versions(&keys)? {
                if let Entry::Vacant(vacant) = collections.entry(place) {
                    let found = Core::existing_collection(rows, place)?;
                    let may_see = self.may_see(rows, &found.project.entity)?;
                    vacant.insert(may_see.then_some(found));
                }
                if let Some(collection) = collections[&place].clone() {
                    let aliases = of_version.entry(version).or_default();
                    aliases.push(VersionAlias { alias, collection });
                }
            }
            let aliases = keys.iter().map(|key| of_version.remove(key));
            Ok(aliases.map(Option::unwrap_or_default).collect())
        })
    }

    /// Returns the aliases that a collection has, sorted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn aliases_of_collection(
        &self,
        id: &CollectionId,
    ) -> Result<Vec<VersionAlias>, StoreError> {
        self.core.metadata.reading(|rows| {
            let Some(collection) = self.visible_collection(rows, id)? else {
                return Ok(Vec::new());
            };
            let aliases = rows.aliases(CollectionKey(collection.number))?.into_iter();
            let aliases = aliases.map(|alias| VersionAlias {
                alias,
                collection: collection.clone(),
            });
            Ok(aliases.collect())
        })
    }

    /// Moves aliases to a version, each in a collection that it is in. `latest` moves only by itself: naming it is refused
    /// unless it is there already.
    ///
    /// # Errors
    /// When the version is not in a collection, and when the caller may not.
    pub fn add_aliases(
        &self,
        id: &ArtifactId,
        aliases: &[(ProjectAddress, ArtifactName, Alias)],
    ) -> Result<(), StoreError> {
        let places = self.places(id, aliases)?;
        self.core.add_aliases(version_key(id)?, &places)
    }

    /// Makes the aliases that a version bears in its own sequence these, all at once. `latest` moves only by itself:
    /// naming it is refused unless it is there already, and leaving it out takes it away.
    ///
    /// # Errors
    /// When there is no such version, and when the caller may not.
    pub fn replace_aliases(&self, id: &ArtifactId, aliases: &[Alias]) -> Result<(), StoreError> {
        self.version_to_write(id)?;
        self.core.replace_aliases(version_key(id)?, aliases)
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
        let places = self.places(id, aliases)?;
        self.core.delete_aliases(version_key(id)?, &places)
    }

    /// Finds the collections of aliases, which the caller must be allowed to change; the version need only be seen.
    fn places<'a>(
        &self,
        id: &ArtifactId,
        aliases: &'a [(ProjectAddress, ArtifactName, Alias)],
    ) -> Result<Vec<(CollectionKey, &'a Alias)>, StoreError> {
        self.core.metadata.reading(|rows| {
            self.version_to_use(rows, id)?;
            let places = aliases.iter().map(|(project, name, alias)| {
                let collection = self.collection_at(rows, project, name)?;
                Ok((collection, alias))
            });
            places.collect()
        })
    }
}
