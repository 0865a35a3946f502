//! Taking versions and collections away.

use artifact_core::Alias;

use super::Core;
use crate::StoreError;
use crate::ids::artifact_id;
use crate::metadata::{CollectionKey, MetadataStoreExt as _, Scope, Transaction, VersionKey};
use artifact_core::records::CollectionChanges;

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

    /// Takes a version out of a portfolio, if it is in it.
    pub(crate) fn unlink(
        &self,
        version: VersionKey,
        portfolio: CollectionKey,
    ) -> Result<(), StoreError> {
        self.metadata
            .writing(&Scope::Collections(vec![portfolio]), |tx| {
                // In whatever state: the links of a deleted one are gone already.
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

    /// Deletes a committed version, its entries and its links. Its index is not given again.
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

    /// What follows when a version has left a collection: `latest` is the newest of those that remain.
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
