//! The port for metadata: everything about versions except their bytes.
//!
//! The engine's rules (numbering, deduplication, aliases, …) are written once over [`Snapshot`] and [`Transaction`]; an
//! adapter only stores rows. Batches are batches in the port, so that an adapter over a network need not send one
//! request per row.
//!
//! Methods that read or change rows fail with [`StoreError::Database`] when the database fails, when a row does not fit
//! its schema, or when a constraint in their description is violated.
#![expect(
    clippy::missing_errors_doc,
    reason = "the methods of all tables have the errors in common, said above"
)]

mod accounts;
mod blobs;
mod collections;
pub(crate) mod ids;
mod manifests;
mod runs;
mod versions;

use std::fmt;

use artifact_core::records::RunAddress;
use artifact_core::{LogicalPath, ProjectAddress};

pub use accounts::{AccountTable, AccountTableMut, KeyHash, ProjectTable, ProjectTableMut};
pub use blobs::{
    BlobRow, BlobTable, BlobTableMut, BlobUse, PartsRow, PartsTable, PartsTableMut, StoredBlob,
};
pub use collections::{
    CollectionRow, CollectionTable, CollectionTableMut, Member, MembershipRow, MembershipTable,
    MembershipTableMut,
};
pub use ids::{
    BlobKey, CollectionKey, ManifestKey, PartsKey, ProjectKey, RunKey, VersionKey, artifact_id,
    collection_id, run_storage_id,
};
pub use manifests::{
    BaseConflict, ContentRow, EntryContent, EntryRow, EntryTable, EntryTableMut, ListedContent,
    ListedEntry, ManifestFile, ManifestRow, ManifestTable, ManifestTableMut, PartialConflict,
    StoredContent, StoringMark,
};
pub use runs::{
    RunFileRow, RunFileTable, RunFileTableMut, RunLineTable, RunLineTableMut, RunTable, RunTableMut,
};
pub use versions::{
    Abandoned, ClientObject, LineageTable, LineageTableMut, NewVersion, RelatedVersion, Relation,
    VersionRow, VersionTable, VersionTableMut,
};

use crate::StoreError;

/// Storage for metadata: rows and transactions.
///
/// # Contract
/// * A write is stored whole or not at all: an error of `work` is returned as it is, and nothing of the write is stored.
/// * Once [`write`](Self::write) has returned, the write survives a power loss.
/// * A write sees its own changes.
/// * Writes whose scopes overlap run one after another, across processes too.
/// * A read sees one committed state from its beginning to its end, whatever is written meanwhile.
/// * A read with [`Freshness::Now`] sees every write that was committed before it began.
/// * `work` may run more than once: whatever it did before a rerun is undone, except outside the store. Only its last
///   result counts.
/// * Within `work`, the store must not be read or written in another transaction.
pub trait MetadataStore: fmt::Debug + Send + Sync + 'static {
    /// Runs `work` over one state of the metadata.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError::Database`].
    fn read(
        &self,
        fresh: Freshness,
        work: &mut dyn FnMut(&dyn Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Runs `work` in a transaction. It must change nothing outside `scope`.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError::Database`].
    fn write(
        &self,
        scope: &Scope,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
}

const _: fn(&dyn MetadataStore) = |_| (); // stops compiling when the port is no longer object-safe

/// The age of the state that a read may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The latest committed state.
    Now,
    /// A state that may lag by seconds, such as that of a replica.
    MayLag,
}

/// The part of the metadata that a write may change, and on which its checks rely.
///
/// Two scopes overlap if they have a collection in common, if they are equal, if one is the project of the other's run,
/// or if one is [`Whole`](Self::Whole). An adapter may run writes one after another that do not overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Collections, with their versions, aliases and members.
    Collections(Vec<CollectionKey>),
    /// A run, with its lines, files and lineage.
    Run(RunAddress),
    /// A project and its runs; created if it does not exist.
    Project(ProjectAddress),
    /// Accounts and settings.
    Accounts,
    /// Everything.
    Whole,
}

/// One state of the metadata.
pub trait Snapshot:
    AccountTable
    + ProjectTable
    + RunTable
    + RunLineTable
    + RunFileTable
    + CollectionTable
    + MembershipTable
    + VersionTable
    + LineageTable
    + ManifestTable
    + EntryTable
    + BlobTable
    + PartsTable
{
}

/// A state of the metadata that can be changed.
pub trait Transaction:
    Snapshot
    + AccountTableMut
    + ProjectTableMut
    + RunTableMut
    + RunLineTableMut
    + RunFileTableMut
    + CollectionTableMut
    + MembershipTableMut
    + VersionTableMut
    + LineageTableMut
    + ManifestTableMut
    + EntryTableMut
    + BlobTableMut
    + PartsTableMut
{
}

/// Conveniences for callers of a [`MetadataStore`]: transactions that return a value.
pub trait MetadataStoreExt: MetadataStore {
    /// Runs `work` over the latest state of the metadata, and returns its result.
    ///
    /// # Errors
    /// As [`MetadataStore::read`].
    fn reading<T>(
        &self,
        work: impl Fn(&dyn Snapshot) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.reading_at(Freshness::Now, work)
    }

    /// Runs `work` over one state of the metadata, and returns its result.
    ///
    /// # Errors
    /// As [`MetadataStore::read`].
    fn reading_at<T>(
        &self,
        fresh: Freshness,
        work: impl Fn(&dyn Snapshot) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut result = None;
        self.read(fresh, &mut |snapshot| {
            result = Some(work(snapshot)?);
            Ok(())
        })?;
        Ok(result.expect("an adapter runs the work before it returns success"))
    }

    /// Runs `work` in a transaction, and returns its result.
    ///
    /// # Errors
    /// As [`MetadataStore::write`].
    fn writing<T>(
        &self,
        scope: &Scope,
        mut work: impl FnMut(&mut dyn Transaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut result = None;
        self.write(scope, &mut |transaction| {
            result = Some(work(transaction)?);
            Ok(())
        })?;
        Ok(result.expect("an adapter runs the work before it returns success"))
    }
}

impl<M: MetadataStore + ?Sized> MetadataStoreExt for M {}

/// Conveniences for readers of a [`Snapshot`].
pub trait SnapshotExt: Snapshot {
    /// Returns the entry at a path, if its content is a blob.
    ///
    /// # Errors
    /// As [`EntryTable::contents_at`].
    fn content_at(
        &self,
        manifest: ManifestKey,
        path: &LogicalPath,
    ) -> Result<Option<ContentRow>, StoreError> {
        let mut found = self.contents_at(manifest, &[path])?;
        Ok(found.pop().flatten())
    }
}

impl<S: Snapshot + ?Sized> SnapshotExt for S {}
