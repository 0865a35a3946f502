//! The port for metadata: rows and transactions, in the engine's words.
//!
//! The rules of the engine (numbering, dedupe, aliases, …) are written once over [`Snapshot`] and [`Transaction`]; an
//! adapter only knows how rows are kept. Batches are batches in the port, so that an adapter over a network need not
//! ask once per row.

mod accounts;
mod blobs;
mod collections;
mod entries;
mod keys;
mod lineage;
mod manifests;
mod memberships;
mod parts;
mod projects;
mod run_files;
mod run_lines;
mod runs;
mod sqlite;
mod versions;

use std::fmt;

pub(crate) use accounts::{AccountTable, AccountTableMut, KeyHash};
pub(crate) use blobs::{BlobRow, BlobTable, BlobTableMut, BlobUse, StoredBlob};
pub(crate) use collections::{CollectionRow, CollectionTable, CollectionTableMut};
pub(crate) use entries::{
    ContentRow, EntryContent, EntryRow, EntryTable, EntryTableMut, ListedContent, ListedEntry,
    StoredContent,
};
pub(crate) use keys::{
    BlobKey, CollectionKey, ManifestKey, PartsKey, ProjectKey, RunKey, VersionKey,
};
pub(crate) use lineage::{ClientObject, LineageTable, LineageTableMut, RelatedVersion, Relation};
pub(crate) use manifests::{
    BaseConflict, ManifestFile, ManifestRow, ManifestTable, ManifestTableMut, ShareConflict,
    StoringMark,
};
pub(crate) use memberships::{Member, MembershipRow, MembershipTable, MembershipTableMut};
pub(crate) use parts::{PartsRow, PartsTable, PartsTableMut};
pub(crate) use projects::{ProjectTable, ProjectTableMut};
pub(crate) use run_files::{RunFileTable, RunFileTableMut};
pub(crate) use run_lines::{RunLineTable, RunLineTableMut};
pub(crate) use runs::{RunTable, RunTableMut};
pub(crate) use sqlite::SqliteMetadata;
pub(crate) use versions::{Abandoned, NewVersion, VersionRow, VersionTable, VersionTableMut};

use crate::StoreError;

/// Keeps the metadata of a store.
///
/// # Contract
/// * A transaction is seen whole or not at all, and once `write` has returned it survives a power loss.
/// * Write transactions run one after another, across processes too; reads run beside them and see one state.
/// * `work` may be run again from the start, and an error from it undoes everything.
pub(crate) trait MetadataStore: fmt::Debug + Send + Sync + 'static {
    /// Runs `work` over one state of the metadata.
    fn read(
        &self,
        work: &mut dyn FnMut(&dyn Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Runs `work` in a transaction.
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
}

/// One state of the metadata.
pub(crate) trait Snapshot:
    AccountTable
    + ProjectTable
    + RunTable
    + RunLineTable
    + RunFileTable
    + CollectionTable
    + MembershipTable
    + LineageTable
    + VersionTable
    + ManifestTable
    + EntryTable
    + BlobTable
    + PartsTable
{
}

/// A state of the metadata that can be changed.
pub(crate) trait Transaction:
    Snapshot
    + AccountTableMut
    + ProjectTableMut
    + RunTableMut
    + RunLineTableMut
    + RunFileTableMut
    + CollectionTableMut
    + MembershipTableMut
    + LineageTableMut
    + VersionTableMut
    + ManifestTableMut
    + EntryTableMut
    + BlobTableMut
    + PartsTableMut
{
}

/// Callers' conveniences: transactions that return something.
pub(crate) trait MetadataStoreExt: MetadataStore {
    /// Runs `work` over one state of the metadata, and returns what it returns.
    fn reading<T>(
        &self,
        work: impl Fn(&dyn Snapshot) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut result = None;
        self.read(&mut |snapshot| {
            result = Some(work(snapshot)?);
            Ok(())
        })?;
        Ok(result.expect("an adapter runs the work before it returns success"))
    }

    /// Runs `work` in a transaction, and returns what it returns.
    fn writing<T>(
        &self,
        mut work: impl FnMut(&mut dyn Transaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut result = None;
        self.write(&mut |transaction| {
            result = Some(work(transaction)?);
            Ok(())
        })?;
        Ok(result.expect("an adapter runs the work before it returns success"))
    }
}

impl<M: MetadataStore + ?Sized> MetadataStoreExt for M {}
