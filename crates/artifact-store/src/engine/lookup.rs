//! Finding versions, and what is stored of them.

use artifact_core::ports::{
    ArtifactLookup, ArtifactRecord, DownloadRequest, DownloadTicket, ManifestLocation,
};
use artifact_core::records::{ArtifactId, CollectionKind};
use artifact_core::{QualifiedAddress, VersionSelector};

use super::Core;
use crate::StoreError;
use crate::ids::version_key;
use crate::metadata::{
    CollectionKey, CollectionRow, MetadataStoreExt as _, ProjectKey, Snapshot, StoredContent,
    VersionKey,
};
use crate::tickets::download_ticket;
use artifact_core::similar;

/// The most names that a suggestion is looked for in.
const SUGGESTIONS_FROM: u32 = 10_000;

impl Core {
    /// Finds a committed version.
    pub(super) fn artifact(&self, lookup: &ArtifactLookup) -> Result<ArtifactRecord, StoreError> {
        self.metadata.reading(|rows| {
            let (key, place) = match lookup {
                ArtifactLookup::Id(id) => (version_key(id)?, None),
                ArtifactLookup::Address(address) => {
                    let (key, collection) = self.version_at_address(rows, address)?;
                    let is_link = collection.kind == CollectionKind::Portfolio;
                    (key, is_link.then_some((collection.key, address)))
                }
            };
            let record = rows.committed_record(key)?;
            let record = record.ok_or_else(|| self.no_artifact(lookup, Vec::new()))?;
            match place {
                Some((portfolio, address)) => {
                    Self::as_linked(rows, record, (key, portfolio), address)
                }
                None => Ok(record),
            }
        })
    }

    /// Returns a version as a member of the portfolio in which it was found.
    fn as_linked(
        rows: &dyn Snapshot,
        record: ArtifactRecord,
        (version, portfolio): (VersionKey, CollectionKey),
        address: &QualifiedAddress,
    ) -> Result<ArtifactRecord, StoreError> {
        let membership = rows.membership(version, portfolio)?;
        let aliases = rows.aliases_of_version(version)?.into_iter();
        let own = aliases.filter(|(collection, _)| *collection == portfolio);
        Ok(ArtifactRecord {
            project: address.project.clone(),
            name: address.name.clone(),
            version: membership.map_or(record.version, |membership| membership.index),
            aliases: own.map(|(_, alias)| alias).collect(),
            ..record
        })
    }

    /// Returns where the manifest file of a committed version is.
    pub(super) fn manifest(&self, id: &ArtifactId) -> Result<ManifestLocation, StoreError> {
        let key = version_key(id)?;
        self.metadata.reading(|rows| {
            let version = self.committed_version(rows, key)?;
            let file = rows
                .manifest_of(version.key)?
                .and_then(|manifest| manifest.file);
            let (file, digest) =
                file.ok_or_else(|| self.no_artifact(&id.clone().into(), Vec::new()))?;
            Ok(ManifestLocation {
                ticket: download_ticket(&file),
                digest: Some(digest),
            })
        })
    }

    /// Returns where the content of entries is.
    pub(super) fn downloads(
        &self,
        request: &DownloadRequest,
    ) -> Result<Vec<DownloadTicket>, StoreError> {
        let key = version_key(&request.artifact)?;
        self.metadata.reading(|rows| {
            let version = self.committed_version(rows, key)?;
            let manifest = rows.manifest_of(version.key)?;
            let manifest = manifest
                .ok_or_else(|| self.no_artifact(&request.artifact.clone().into(), Vec::new()))?;
            let paths: Vec<_> = request
                .entries
                .iter()
                .map(|entry| entry.path.clone())
                .collect();
            let contents = rows.stored_contents(manifest.key, &paths)?;
            let tickets = paths
                .iter()
                .zip(contents)
                .map(|(path, content)| match content {
                    Some(StoredContent::Blob(key)) => Ok(download_ticket(&key)),
                    Some(StoredContent::Elsewhere) => Err(StoreError::rejected(format!(
                        "{path} is a reference: its content is not in {}",
                        self.location
                    ))),
                    None => Err(StoreError::rejected(format!(
                        "artifact {} has no entry {path}",
                        request.artifact
                    ))),
                });
            tickets.collect()
        })
    }

    pub(super) fn version_at_address(
        &self,
        rows: &dyn Snapshot,
        address: &QualifiedAddress,
    ) -> Result<(VersionKey, CollectionRow), StoreError> {
        let not_found = |similar| self.no_artifact(&address.clone().into(), similar);
        let project = self.existing_project(rows, &address.project)?;
        let Some(collection) = rows.collection(project, &address.name)? else {
            return Err(self.no_collection(rows, project, address));
        };
        let found = match &address.selector {
            VersionSelector::Version(index) => rows.version_at(collection.key, *index)?,
            VersionSelector::Alias(alias) => rows.version_with_alias(collection.key, alias)?,
        };
        if let Some(found) = found {
            return Ok((found, collection));
        }
        let VersionSelector::Alias(alias) = &address.selector else {
            return Err(not_found(Vec::new()));
        };
        let aliases = rows.aliases(collection.key)?.into_iter().map(String::from);
        let near = similar(alias.as_str(), aliases).into_iter();
        Err(not_found(
            near.map(|alias| format!("{}:{alias}", address.name))
                .collect(),
        ))
    }

    /// Returns the error that a collection is not there, with those of its project that are named nearly so.
    pub(super) fn no_collection(
        &self,
        rows: &dyn Snapshot,
        project: ProjectKey,
        address: &QualifiedAddress,
    ) -> StoreError {
        let names = match rows.collections(project, None, SUGGESTIONS_FROM) {
            Ok(names) => names,
            Err(error) => return error,
        };
        let names = names.into_iter().map(|record| record.name.into());
        let near = similar(address.name.as_str(), names);
        self.no_artifact(&address.clone().into(), near)
    }
}
