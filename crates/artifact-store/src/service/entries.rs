//! The entries of a version, and where their content is.

use artifact_core::ports::{ArtifactId, DownloadTicket};
use artifact_core::{EntryDigest, LogicalPath, ReferenceUri};

use super::{ListQuery, Service, Slice};
use crate::StoreError;

/// An entry of a committed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionEntry {
    /// Its path.
    pub path: LogicalPath,
    /// Its digest.
    pub digest: EntryDigest,
    /// Its length in bytes, where it is known.
    pub size: Option<u64>,
    /// The version that first stored the content.
    pub birth: Option<ArtifactId>,
    /// Where the content is.
    pub location: EntryLocation,
}

/// Where the content of an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryLocation {
    /// In the store.
    Stored(DownloadTicket),
    /// At this URI.
    Reference(ReferenceUri),
}

impl Service {
    /// Lists the entries of a committed version by path, references too; only those at `paths` if any are given.
    ///
    /// # Errors
    /// When there is no such version, and when the store fails.
    pub fn entries(
        &self,
        id: &ArtifactId,
        paths: &[String],
        query: &ListQuery,
    ) -> Result<Slice<VersionEntry>, StoreError> {
        let _ = (id, paths, query);
        todo!()
    }

    /// Finds the stored content of an entry of a committed version by the hash of its bytes, in hexadecimal.
    ///
    /// # Errors
    /// When the store fails.
    pub fn content_with_hash(
        &self,
        id: &ArtifactId,
        hash: &str,
    ) -> Result<Option<DownloadTicket>, StoreError> {
        let _ = (id, hash);
        todo!()
    }

    /// Returns where the manifest file of a committed version is.
    ///
    /// # Errors
    /// When the store fails.
    pub fn manifest_ticket(&self, id: &ArtifactId) -> Result<Option<DownloadTicket>, StoreError> {
        let _ = id;
        todo!()
    }
}
