//! Listings, page by page.

use std::sync::Arc;

use artifact_core::ports::{ArtifactRecord, CollectionRecord, Page, PageRequest};
use artifact_core::{
    ArtifactName, InvalidValue, ProjectAddress, QualifiedAddress, VersionIndex, VersionSelector,
};

use super::Core;
use crate::StoreError;
use crate::metadata::MetadataStoreExt as _;
use artifact_core::records::CollectionKind;

/// The most items of a page, whatever the request says.
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
            // The address of its newest version is how people would ask for it.
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

/// Returns how many items a page may have.
pub(super) fn limit(page: &PageRequest) -> Result<u32, StoreError> {
    match page.limit {
        0 => Err(StoreError::rejected("a page has at least one item")),
        limit => Ok(limit.min(LARGEST_PAGE)),
    }
}

/// Makes a page of `items`, which hold one more than `limit` where another page follows.
fn cut<T>(mut items: Vec<T>, limit: u32, position: impl Fn(&T) -> String) -> Page<T> {
    let limit = limit as usize;
    let more = limit < items.len();
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|item| Arc::from(position(item)));
    Page { items, next }
}
