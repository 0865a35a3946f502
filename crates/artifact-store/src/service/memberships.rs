//! Memberships of versions in collections: links to portfolios, and aliases.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use artifact_core::records::{ArtifactId, Collection, CollectionId, CollectionKind, Version};
use artifact_core::{
    Alias, ArtifactName, ProjectAddress, Timestamp, VersionIndex, VersionSelector,
};

use super::Service;
use crate::StoreError;
use crate::engine::Core;
use crate::ids::{artifact_id, collection_key, version_key};
use crate::metadata::{CollectionKey, MembershipRow, MetadataStoreExt as _, Snapshot, VersionKey};

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

/// The portfolio to link a version to.
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
        self.core.metadata.reading(|rows| {
            let Some(collection) = self.collection_named(rows, project, name)? else {
                return Ok(None);
            };
            let key = CollectionKey(collection.number);
            let found = match selector {
                VersionSelector::Version(index) => rows.version_at(key, *index)?,
                VersionSelector::Alias(alias) => rows.version_with_alias(key, alias)?,
            };
            let row = match found {
                Some(version) => rows.membership(version, key)?,
                None => None,
            };
            row.map_or(Ok(None), |row| self.visible_membership(rows, row))
        })
    }

    /// Returns every collection that a version is in, its sequence first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn memberships(&self, id: &ArtifactId) -> Result<Vec<Membership>, StoreError> {
        self.core.metadata.reading(|rows| {
            let Some(version) = self.visible_version(rows, id)? else {
                return Ok(Vec::new());
            };
            let found = rows.memberships_of(VersionKey(version.number))?.into_iter();
            let visible = found.map(|row| self.visible_membership(rows, row));
            visible.filter_map(Result::transpose).collect()
        })
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
        self.core.metadata.reading(|rows| {
            self.version_to_use(rows, id)?;
            match target {
                LinkTarget::Named(project, _) => self.must_be_allowed(rows, &project.entity),
                LinkTarget::Id(portfolio) => {
                    let kind = CollectionKind::Portfolio;
                    self.collection_to_change(rows, portfolio, kind).map(drop)
                }
            }
        })?;
        let version = version_key(id)?;
        let portfolio = self.core.link(version, target, aliases)?;
        let membership = self.core.metadata.reading(|rows| {
            let version = self.version_to_use(rows, id)?;
            match rows.membership(VersionKey(version.number), portfolio)? {
                Some(row) => self.visible_membership(rows, row),
                None => Ok(None),
            }
        })?;
        membership.ok_or_else(|| StoreError::rejected("the link was removed at the same time"))
    }

    /// Takes a version out of a portfolio; one that is not in it is no error.
    ///
    /// # Errors
    /// When there is no such portfolio, and when the caller may not.
    pub fn unlink(&self, id: &ArtifactId, portfolio: &CollectionId) -> Result<(), StoreError> {
        self.core.metadata.reading(|rows| {
            self.version_to_use(rows, id)?;
            self.collection_to_change(rows, portfolio, CollectionKind::Portfolio)
        })?;
        self.core
            .unlink(version_key(id)?, collection_key(portfolio)?)
    }

    /// Returns what a row says, if the caller may see both the version and the collection.
    fn visible_membership(
        &self,
        rows: &dyn Snapshot,
        row: MembershipRow,
    ) -> Result<Option<Membership>, StoreError> {
        let Some(version) = self.visible_version(rows, &artifact_id(row.version))? else {
            return Ok(None);
        };
        let collection = Core::existing_collection(rows, row.collection)?;
        if !self.may_see(rows, &collection.project.entity)? {
            return Ok(None);
        }
        let aliases = rows.aliases_of_version(row.version)?.into_iter();
        let aliases = aliases.filter(|(collection, _)| *collection == row.collection);
        Ok(Some(Membership {
            number: row.number,
            collection,
            version,
            index: row.index,
            aliases: aliases.map(|(_, alias)| alias).collect(),
            created_at: row.created_at,
        }))
    }
}

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
