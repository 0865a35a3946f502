//! Linking versions to portfolios, and moving aliases within collections.

use artifact_core::ports::{RegistryError, TypeConflict};
use artifact_core::{Alias, ArtifactType};

use super::Core;
use super::labels::label;
use crate::StoreError;
use crate::ids::{artifact_id, collection_key};
use crate::metadata::{
    CollectionKey, CollectionRow, MetadataStoreExt as _, Scope, Snapshot, Transaction, VersionKey,
};
use crate::service::LinkTarget;
use artifact_core::records::{Collection, CollectionKind};

impl Core {
    /// Links a committed version to a portfolio, which is made where it is named and not there. One that is linked
    /// already keeps its index.
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
            label(tx, portfolio, version.key, aliases, &[], now)?;
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

    /// Makes the aliases that a version bears in its own sequence these.
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

    /// Takes aliases away from a version.
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

    /// Returns a collection that must be there.
    pub(crate) fn existing_collection(
        rows: &dyn Snapshot,
        key: CollectionKey,
    ) -> Result<Collection, StoreError> {
        let found = rows.collection_record(key)?;
        found.ok_or_else(|| StoreError::rejected("there is no such collection"))
    }
}

/// `latest` follows what is logged and linked; nobody else moves it.
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
