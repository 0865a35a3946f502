//! Finding and listing versions, collections and projects, with clear errors where there are none.

use std::sync::Arc;

use artifact_core::ports::{
    ArtifactLookup, ArtifactRecord, CollectionRecord, DownloadRequest, DownloadTicket,
    ManifestLocation, Page, PageRequest, RegistryError,
};
use artifact_core::records::{ArtifactId, ArtifactState, CollectionKind, RunAddress, Version};
use artifact_core::{
    ArtifactName, InvalidValue, ProjectAddress, QualifiedAddress, VersionIndex, VersionSelector,
    similar,
};

use super::Core;
use crate::StoreError;
use crate::ids::{artifact_id, version_key};
use crate::metadata::{
    CollectionKey, CollectionRow, MetadataStoreExt as _, ProjectKey, RunKey, Snapshot,
    StoredContent, VersionKey, VersionRow,
};
use crate::tickets::download_ticket;

/// The maximum number of names that are searched for a suggestion.
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

    /// Returns the location of the manifest file of a committed version.
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

    /// Returns tickets for the content of entries.
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

    /// Returns the error for a missing collection, with similar names in its project.
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

impl Core {
    /// Returns a version that must be committed.
    pub(crate) fn committed_version(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<VersionRow, StoreError> {
        self.version_in(rows, key, ArtifactState::Committed)
    }

    /// Returns a version that must be pending.
    pub(crate) fn pending_version(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<VersionRow, StoreError> {
        self.version_in(rows, key, ArtifactState::Pending)
    }

    fn version_in(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
        needed: ArtifactState,
    ) -> Result<VersionRow, StoreError> {
        let version = rows.version(key)?;
        let version =
            version.ok_or_else(|| self.no_artifact(&artifact_id(key).into(), Vec::new()))?;
        if version.state == needed {
            Ok(version)
        } else {
            Err(Self::wrong_state(
                key,
                state_name(version.state),
                state_name(needed),
            ))
        }
    }

    /// Returns the record of a version in any state, which must exist.
    pub(crate) fn existing_version(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<Version, StoreError> {
        let version = rows.version_record(key)?;
        version.ok_or_else(|| self.no_artifact(&artifact_id(key).into(), Vec::new()))
    }

    /// Returns the record of a committed version, which must exist.
    pub(crate) fn record_of(
        &self,
        rows: &dyn Snapshot,
        key: VersionKey,
    ) -> Result<ArtifactRecord, StoreError> {
        let record = rows.committed_record(key)?;
        record.ok_or_else(|| self.no_artifact(&artifact_id(key).into(), Vec::new()))
    }

    pub(crate) fn existing_project(
        &self,
        rows: &dyn Snapshot,
        project: &ProjectAddress,
    ) -> Result<ProjectKey, StoreError> {
        rows.project(project)?.ok_or_else(|| {
            RegistryError::NoProject {
                project: project.clone(),
                location: self.location.clone(),
            }
            .into()
        })
    }

    pub(crate) fn existing_run(
        &self,
        rows: &dyn Snapshot,
        run: &RunAddress,
    ) -> Result<RunKey, StoreError> {
        let project = rows.project(&run.project)?;
        let found = match project {
            Some(project) => rows.run(project, &run.id)?,
            None => None,
        };
        found.ok_or_else(|| self.no_run(run))
    }

    pub(crate) fn no_run(&self, run: &RunAddress) -> StoreError {
        RegistryError::NoRun {
            run: run.clone(),
            location: self.location.clone(),
        }
        .into()
    }

    pub(crate) fn no_artifact(&self, lookup: &ArtifactLookup, similar: Vec<String>) -> StoreError {
        RegistryError::NoArtifact {
            lookup: lookup.to_string(),
            location: self.location.clone(),
            similar,
        }
        .into()
    }

    pub(crate) fn wrong_state(
        key: VersionKey,
        state: &'static str,
        needed: &'static str,
    ) -> StoreError {
        RegistryError::WrongState {
            id: artifact_id(key),
            state,
            needed,
        }
        .into()
    }
}

fn state_name(state: ArtifactState) -> &'static str {
    match state {
        ArtifactState::Pending => "pending",
        ArtifactState::Committed => "committed",
        ArtifactState::Deleted => "deleted",
        _ => "in an unknown state",
    }
}

/// The maximum number of items of a page.
const LARGEST_PAGE: u32 = 10_000;

impl Core {
    /// Lists projects, sorted by entity and name.
    pub(super) fn projects(&self, page: &PageRequest) -> Result<Page<ProjectAddress>, StoreError> {
        let after = continuation(page, |text| {
            let (entity, project) = text.split_once('/').ok_or_else(|| {
                InvalidValue::new("page", text, "it was not given out by a listing")
            })?;
            Ok(ProjectAddress {
                entity: entity.parse()?,
                project: project.parse()?,
            })
        })?;
        let limit = limit(page)?;
        let items = self
            .metadata
            .reading(|rows| rows.projects(after.as_ref(), limit + 1))?;
        Ok(cut(items, limit, ToString::to_string))
    }

    /// Lists the collections of a project that have a committed version, sorted by name.
    pub(super) fn collections(
        &self,
        project: &ProjectAddress,
        page: &PageRequest,
    ) -> Result<Page<CollectionRecord>, StoreError> {
        let after = continuation(page, str::parse::<ArtifactName>)?;
        let limit = limit(page)?;
        let items = self.metadata.reading(|rows| {
            let project = self.existing_project(rows, project)?;
            rows.collections(project, after.as_ref(), limit + 1)
        })?;
        Ok(cut(items, limit, |collection| collection.name.to_string()))
    }

    /// Lists the committed versions of a collection, newest first.
    pub(super) fn versions(
        &self,
        project: &ProjectAddress,
        name: &ArtifactName,
        page: &PageRequest,
    ) -> Result<Page<ArtifactRecord>, StoreError> {
        let before = continuation(page, str::parse::<VersionIndex>)?;
        let limit = limit(page)?;
        let items = self.metadata.reading(|rows| {
            let key = self.existing_project(rows, project)?;
            let newest = match rows.collection(key, name)? {
                Some(collection) if collection.kind == CollectionKind::Sequence => {
                    rows.newest_version(collection.key)?.map(|_| collection.key)
                }
                _ => None,
            };
            // Users would ask for it by the address of its newest version.
            let collection = newest.ok_or_else(|| {
                let address = QualifiedAddress {
                    project: project.clone(),
                    name: name.clone(),
                    selector: VersionSelector::latest(),
                };
                self.no_collection(rows, key, &address)
            })?;
            rows.committed_records(collection, before, limit + 1)
        })?;
        Ok(cut(items, limit, |record| record.version.to_string()))
    }
}

fn continuation<T>(
    page: &PageRequest,
    parse: impl Fn(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, StoreError> {
    let after = page.after.as_deref().map(parse).transpose();
    after.map_err(|error| StoreError::rejected(error.to_string()))
}

/// Returns the number of items that a page may have.
pub(super) fn limit(page: &PageRequest) -> Result<u32, StoreError> {
    match page.limit {
        0 => Err(StoreError::rejected("a page has at least one item")),
        limit => Ok(limit.min(LARGEST_PAGE)),
    }
}

/// Returns a page of `items`, which hold one more than `limit` where another page follows.
fn cut<T>(mut items: Vec<T>, limit: u32, position: impl Fn(&T) -> String) -> Page<T> {
    let limit = limit as usize;
    let more = limit < items.len();
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|item| Arc::from(position(item)));
    Page { items, next }
}
