//! Listings. Source: sections 2.6 and 2.11 of the wire protocol.

use std::sync::Arc;

use artifact_core::ports::{ArtifactRecord, CollectionRecord, Page, PageRequest, RegistryError};
use artifact_core::{ArtifactName, ProjectAddress};
use cynic::{OperationBuilder, QueryBuilder as _};

use super::lookup::{null_if_not_found, with_features};
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    ArtifactState, CollectionsVariables, GetProjects, PageInfo, ProjectArtifactCollections,
    ProjectArtifacts, ProjectsVariables, VersionsVariables,
};

const LISTING: &str = "listing";

/// Lists the projects of all entities of the account.
///
/// The server sorts by age. All pages are read and sorted, because projects are few.
pub(super) async fn projects(
    server: &Wandb,
    page: PageRequest,
) -> Result<Page<ProjectAddress>, RegistryError> {
    let mut all = Vec::new();
    for entity in server.viewer().await?.entities {
        projects_of(server, &entity, &mut all).await?;
    }
    all.sort();
    all.dedup();
    let after = page
        .after
        .as_deref()
        .and_then(|after| after.split_once('/'));
    let is_before = |project: &ProjectAddress| {
        after.is_some_and(|after| (project.entity.as_str(), project.project.as_str()) <= after)
    };
    let mut rest = all.into_iter().skip_while(is_before);
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let items: Vec<_> = rest.by_ref().take(limit).collect();
    let last = items.last().map(|project| project.to_string().into());
    Ok(Page {
        items,
        next: last.filter(|_| rest.next().is_some()),
    })
}

async fn projects_of(
    server: &Wandb,
    entity: &str,
    all: &mut Vec<ProjectAddress>,
) -> Result<(), RegistryError> {
    const PAGE: i32 = 200;
    let mut cursor = None;
    loop {
        let operation = GetProjects::build(ProjectsVariables {
            entity: Some(entity.to_owned()),
            cursor,
            per_page: Some(PAGE),
        });
        let response = null_if_not_found(server.graphql.execute(operation).await);
        let response = response.map_err(|error| server.failed(LISTING, error))?;
        let Some(models) = response.and_then(|response| response.models) else {
            return Ok(());
        };
        for node in models.edges.into_iter().filter_map(|edge| edge.node) {
            let parsed = node.entity_name.parse().and_then(|entity| {
                Ok(ProjectAddress {
                    entity,
                    project: node.name.parse()?,
                })
            });
            all.push(parsed.map_err(|error| server.protocol_error(LISTING, error.to_string()))?);
        }
        cursor = next(models.page_info).map(|cursor| cursor.to_string());
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// Lists the collections of a project.
pub(super) async fn collections(
    server: &Wandb,
    project: &ProjectAddress,
    page: PageRequest,
) -> Result<Page<CollectionRecord>, RegistryError> {
    let operation = ProjectArtifactCollections::build(CollectionsVariables {
        entity: project.entity.to_string(),
        project: project.project.to_string(),
        per_page: Some(limit(&page)),
        cursor: page.after.map(|after| after.to_string()),
    });
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(LISTING, error))?;
    let found = response.and_then(|response| response.project);
    let found = found.ok_or_else(|| RegistryError::NoProject {
        project: project.clone(),
        location: server.location.to_string(),
    })?;
    let Some(connection) = found.artifact_collections else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let nodes = connection.edges.into_iter().filter_map(|edge| edge.node);
    let items = nodes.filter_map(|node| records::collection(project, node).transpose());
    let items = items
        .collect::<Result<_, _>>()
        .map_err(|error| server.protocol_error(LISTING, error.to_string()))?;
    Ok(Page {
        items,
        next: next(connection.page_info),
    })
}

/// Lists the committed versions of a collection, newest first.
pub(super) async fn versions(
    server: &Wandb,
    project: &ProjectAddress,
    name: &ArtifactName,
    page: PageRequest,
) -> Result<Page<ArtifactRecord>, RegistryError> {
    let is_first = page.after.is_none();
    let operation =
        OperationBuilder::<ProjectArtifacts, _>::query().with_variables(VersionsVariables {
            entity: project.entity.to_string(),
            project: project.project.to_string(),
            collection: name.to_string(),
            per_page: Some(limit(&page)),
            cursor: page.after.map(|after| after.to_string()),
        });
    let operation = with_features(server, operation).await;
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(LISTING, error))?;
    let found = response.and_then(|response| response.project);
    let found = found.ok_or_else(|| RegistryError::NoProject {
        project: project.clone(),
        location: server.location.to_string(),
    })?;
    let none = || RegistryError::NoArtifact {
        lookup: format!("{project}/{name}"),
        location: server.location.to_string(),
        similar: Vec::new(),
    };
    let collection = found.artifact_collection.ok_or_else(none)?;
    let versions = collection.artifacts.ok_or_else(none)?;
    let nodes = versions.edges.into_iter().filter_map(|edge| edge.node);
    let committed = nodes.filter(|node| node.state == ArtifactState::Committed);
    let items = committed
        .map(records::record)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| server.protocol_error(LISTING, error.to_string()))?;
    let next = next(versions.page_info);
    // A collection with pending versions only does not exist yet.
    if items.is_empty() && next.is_none() && is_first {
        return Err(none());
    }
    Ok(Page { items, next })
}

/// Returns the page size.
pub(crate) fn limit(page: &PageRequest) -> i32 {
    i32::try_from(page.limit).unwrap_or(i32::MAX)
}

/// Returns the cursor of the next page, if there is one.
pub(crate) fn next(info: PageInfo) -> Option<Arc<str>> {
    info.end_cursor
        .filter(|_| info.has_next_page)
        .map(Into::into)
}
