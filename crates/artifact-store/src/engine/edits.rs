//! Changes of committed versions and of collections: aliases, tags, links and deletions.

use artifact_core::ports::{ArtifactChanges, ArtifactRecord, RegistryError, TypeConflict};
use artifact_core::records::{ArtifactId, Collection, CollectionChanges, CollectionKind};
use artifact_core::{Alias, ArtifactType};

use super::Core;
use super::versions::apply_labels;
use crate::StoreError;
use crate::ids::{artifact_id, collection_key, version_key};
use crate::metadata::{
    CollectionKey, CollectionRow, MetadataStoreExt as _, Scope, Snapshot, Transaction, VersionKey,
};
use crate::service::LinkTarget;

impl Core {
    /// Applies changes to a committed version: additions first, as the official client sends them.
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

impl Core {
    /// Links a committed version to a portfolio; a portfolio that is given by name is created if it does not exist. A
    /// version that is linked already keeps its index.
    pub(crate) fn link(
        &self,
        version: VersionKey,
        target: &LinkTarget,
        aliases: &[Alias],
    ) -> Result<CollectionKey, StoreError> {
        let now = self.now();
        self.metadata.writing(&Scope::Whole, |tx| {
            let version = self.committed_version(&*tx, version)?;
            let sequence = Self::existing_collection(&*tx, version.collection)?;
            let portfolio = self.ensure_portfolio(tx, target, &sequence.artifact_type)?;
            if tx.membership(version.key, portfolio)?.is_none() {
                let index = tx.allocate_index(portfolio, now)?;
                tx.put_membership(version.key, portfolio, index, now)?;
            }
            apply_labels(tx, portfolio, version.key, aliases, &[], now)?;
            Ok(portfolio)
        })
    }

    fn ensure_portfolio(
        &self,
        tx: &mut dyn Transaction,
        target: &LinkTarget,
        artifact_type: &ArtifactType,
    ) -> Result<CollectionKey, StoreError> {
        let (project, name, found) = match target {
            LinkTarget::Id(id) => {
                let found = Self::existing_collection(&*tx, collection_key(id)?)?;
                let row = CollectionRow {
                    key: CollectionKey(found.number),
                    kind: found.kind,
                    artifact_type: found.artifact_type,
                    is_used: true,
                };
                (found.project, found.name, Some(row))
            }
            LinkTarget::Named(project, name) => {
                let key = tx.ensure_project(project, self.now())?;
                let found = tx.collection(key, name)?;
                (project.clone(), name.clone(), found)
            }
        };
        let Some(found) = found else {
            let key = tx.ensure_project(&project, self.now())?;
            let kind = CollectionKind::Portfolio;
            return tx.insert_collection(key, kind, &name, artifact_type, self.now());
        };
        if found.kind != CollectionKind::Portfolio {
            return Err(StoreError::rejected(format!(
                "{name} is a sequence of {project}: versions are made in it, not linked to it"
            )));
        }
        if found.artifact_type != *artifact_type {
            let conflict = TypeConflict {
                project,
                name,
                existing: found.artifact_type,
                wanted: artifact_type.clone(),
            };
            return Err(RegistryError::TypeConflict(conflict.into()).into());
        }
        Ok(found.key)
    }

    /// Moves aliases to a version, each in a collection that it is in.
    pub(crate) fn add_aliases(
        &self,
        version: VersionKey,
        aliases: &[(CollectionKey, &Alias)],
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.metadata.writing(&Scope::Whole, |tx| {
            let version = self.committed_version(&*tx, version)?.key;
            for (collection, alias) in aliases {
                let known = Self::existing_collection(&*tx, *collection)?;
                if tx.membership(version, *collection)?.is_none() {
                    return Err(StoreError::rejected(format!(
                        "artifact {} is not in {}/{}, so it cannot have the alias {alias} there",
                        artifact_id(version),
                        known.project,
                        known.name
                    )));
                }
                if **alias == Alias::latest() {
                    check_latest(&*tx, *collection, version)?;
                }
                tx.move_alias(*collection, alias, version)?;
            }
            tx.update_version(version, None, None, None, now)
        })
    }

    /// Replaces the aliases of a version in its own sequence.
    pub(crate) fn replace_aliases(
        &self,
        version: VersionKey,
        aliases: &[Alias],
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.metadata.writing(&Scope::Whole, |tx| {
            let version = self.committed_version(&*tx, version)?;
            let (version, sequence) = (version.key, version.collection);
            let bears = tx.aliases_of_version(version)?.into_iter();
            let bears: Vec<_> = bears
                .filter_map(|(place, alias)| (place == sequence).then_some(alias))
                .collect();
            for alias in aliases.iter().filter(|alias| !bears.contains(alias)) {
                if *alias == Alias::latest() {
                    check_latest(&*tx, sequence, version)?;
                }
                tx.move_alias(sequence, alias, version)?;
            }
            for alias in bears.iter().filter(|alias| !aliases.contains(alias)) {
                tx.delete_alias(sequence, alias, version)?;
            }
            tx.update_version(version, None, None, None, now)
        })
    }

    /// Removes aliases from a version.
    pub(crate) fn delete_aliases(
        &self,
        version: VersionKey,
        aliases: &[(CollectionKey, &Alias)],
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.metadata.writing(&Scope::Whole, |tx| {
            let version = self.committed_version(&*tx, version)?.key;
            for (collection, alias) in aliases {
                tx.delete_alias(*collection, alias, version)?;
            }
            tx.update_version(version, None, None, None, now)
        })
    }

    /// Returns a collection, which must exist.
    pub(crate) fn existing_collection(
        rows: &dyn Snapshot,
        key: CollectionKey,
    ) -> Result<Collection, StoreError> {
        let found = rows.collection_record(key)?;
        found.ok_or_else(|| StoreError::rejected("there is no such collection"))
    }
}

/// Fails unless `latest` is at this version already: it moves only when a version is logged or linked.
fn check_latest(
    rows: &dyn Snapshot,
    collection: CollectionKey,
    version: VersionKey,
) -> Result<(), StoreError> {
    let latest = Alias::latest();
    if rows.version_with_alias(collection, &latest)? == Some(version) {
        return Ok(());
    }
    Err(StoreError::rejected(
        "the alias latest moves by itself, to what is logged or linked last",
    ))
}

impl Core {
    /// Deletes a committed version with its links; refused where it has aliases in its sequence, unless `with_aliases`.
    pub(crate) fn delete_version(
        &self,
        key: VersionKey,
        with_aliases: bool,
    ) -> Result<(), StoreError> {
        self.metadata.writing(&Scope::Whole, |tx| {
            let version = self.committed_version(&*tx, key)?;
            let aliases = tx.aliases_of_version(version.key)?.into_iter();
            let own = aliases.filter(|(collection, _)| *collection == version.collection);
            let own: Vec<String> = own.map(|(_, alias)| alias.into()).collect();
            if !with_aliases && !own.is_empty() {
                return Err(StoreError::rejected(format!(
                    "artifact {} has aliases ({}), and is deleted only with them",
                    artifact_id(version.key),
                    own.join(", ")
                )));
            }
            self.delete_with_links(tx, version.key)
        })
    }

    /// Deletes a collection: a sequence with its versions and all links to them, a portfolio with its links.
    pub(crate) fn delete_collection(&self, key: CollectionKey) -> Result<(), StoreError> {
        self.metadata.writing(&Scope::Whole, |tx| {
            for version in tx.pending_versions(key)? {
                tx.delete_version(version)?;
            }
            for member in tx.member_keys(key)? {
                let version = self.committed_version(&*tx, member)?;
                if version.collection == key {
                    self.delete_with_links(tx, member)?;
                } else {
                    tx.delete_membership(member, key)?;
                }
            }
            tx.delete_collection(key, self.now())
        })
    }

    /// Removes a version from a portfolio, if it is in it.
    pub(crate) fn unlink(
        &self,
        version: VersionKey,
        portfolio: CollectionKey,
    ) -> Result<(), StoreError> {
        self.metadata
            .writing(&Scope::Collections(vec![portfolio]), |tx| {
                // In any state: the links of a deleted version are gone already.
                let version = self.existing_version(&*tx, version)?;
                let version = VersionKey(version.number);
                if tx.membership(version, portfolio)?.is_none() {
                    return Ok(());
                }
                let was_latest = is_latest(&*tx, portfolio, version)?;
                tx.delete_membership(version, portfolio)?;
                self.after_removal(tx, portfolio, was_latest)
            })
    }

    /// Deletes a committed version, its entries and its links. Its index is not reused.
    pub(crate) fn delete_with_links(
        &self,
        tx: &mut dyn Transaction,
        version: VersionKey,
    ) -> Result<(), StoreError> {
        let memberships = tx.memberships_of(version)?.into_iter();
        let places = memberships.map(|membership| {
            let collection = membership.collection;
            Ok((collection, is_latest(&*tx, collection, version)?))
        });
        let places: Vec<(CollectionKey, bool)> = places.collect::<Result<_, StoreError>>()?;
        tx.set_deleted(version, self.now())?;
        places
            .into_iter()
            .try_for_each(|(collection, was_latest)| self.after_removal(tx, collection, was_latest))
    }

    /// Updates a collection after a version was removed: `latest` moves to the newest remaining version.
    fn after_removal(
        &self,
        tx: &mut dyn Transaction,
        collection: CollectionKey,
        was_latest: bool,
    ) -> Result<(), StoreError> {
        tx.update_collection(collection, &CollectionChanges::default(), self.now())?;
        match tx.newest_version(collection)? {
            Some(newest) if was_latest => tx.move_alias(collection, &Alias::latest(), newest),
            _ => Ok(()),
        }
    }
}

fn is_latest(
    tx: &dyn Transaction,
    collection: CollectionKey,
    version: VersionKey,
) -> Result<bool, StoreError> {
    let latest = tx.version_with_alias(collection, &Alias::latest())?;
    Ok(latest == Some(version))
}
