//! Collections, their types and their members. Source: sections 2.6 and 2.7 of the wire protocol.

use artifact_core::ports::{
    ArtifactRecord, BoxError, CollectionDetails, CollectionEdits, ListRequest, Page, PageRequest,
    RegistryError,
};
use artifact_core::records::{CollectionId, CollectionKind};
use artifact_core::{ArtifactName, ArtifactType, ProjectAddress, Tag};
use cynic::{Id, MutationBuilder as _, OperationBuilder, QueryBuilder as _};

use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    AddArtifactCollectionTags, ArtifactTypeArtifactCollections, CollectionIdVariables,
    CollectionMembers, CollectionTagsVariables, CollectionVariables, DeleteArtifactCollectionTags,
    DeleteArtifactPortfolio, DeleteArtifactSequence, DetailedCollection, DetailedCollections,
    EditVariables, FilteredCollections, FilteredVariables, JsonText, MembersVariables,
    OfTypeVariables, ProjectArtifactCollection, ProjectArtifactTypes, TagInput, TypesVariables,
    UpdateArtifactPortfolio, UpdateArtifactSequence,
};
use crate::registry::{limit, next, null_if_not_found, with_features};

const LISTING: &str = "listing collections";
const READING: &str = "looking up a collection";
const OPERATION: &str = "changing a collection";

/// The official client's default filter.
const COMMITTED: &str = r#"{"state":"COMMITTED"}"#;

/// Lists the types of a project.
pub(super) async fn types(
    server: &Wandb,
    project: &ProjectAddress,
    page: PageRequest,
) -> Result<Page<ArtifactType>, RegistryError> {
    let operation = ProjectArtifactTypes::build(TypesVariables {
        entity: project.entity.to_string(),
        project: project.project.to_string(),
        per_page: Some(limit(&page)),
        cursor: page.after.map(|after| after.to_string()),
    });
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(LISTING, error))?;
    let found = response.and_then(|response| response.project);
    let found = found.ok_or_else(|| server.no_project(project))?;
    let Some(connection) = found.artifact_types else {
        return Ok(empty());
    };
    let nodes = connection.edges.into_iter().filter_map(|edge| edge.node);
    let items = nodes.map(|node| node.name.parse());
    let items = items
        .collect::<Result<_, _>>()
        .map_err(|error: artifact_core::InvalidValue| {
            server.protocol_error(LISTING, error.to_string())
        })?;
    Ok(Page {
        items,
        next: next(connection.page_info),
    })
}

/// Lists collections of both kinds.
pub(super) async fn list(
    server: &Wandb,
    project: &ProjectAddress,
    artifact_type: Option<&ArtifactType>,
    request: ListRequest,
) -> Result<Page<CollectionDetails>, RegistryError> {
    let (entity, name) = (project.entity.to_string(), project.project.to_string());
    let per_page = Some(limit(&request.page));
    let cursor = request.page.after.map(|after| after.to_string());
    let (filters, order) = (request.filter.map(JsonText), request.order);
    let failed = |error| server.failed(LISTING, error);
    let connection: Option<DetailedCollections> = if let Some(artifact_type) = artifact_type {
        let operation = ArtifactTypeArtifactCollections::build(OfTypeVariables {
            entity,
            project: name,
            artifact_type: artifact_type.to_string(),
            cursor,
            per_page,
            filters,
            order,
        });
        let response =
            null_if_not_found(server.graphql.execute(operation).await).map_err(failed)?;
        let found = response.and_then(|response| response.project);
        let found = found.ok_or_else(|| server.no_project(project))?;
        // A missing type has no collections.
        found
            .artifact_type
            .and_then(|found| found.artifact_collections)
    } else {
        let operation = FilteredCollections::build(FilteredVariables {
            entity,
            project: name,
            cursor,
            per_page,
            filters,
            order,
        });
        let response =
            null_if_not_found(server.graphql.execute(operation).await).map_err(failed)?;
        let found = response.and_then(|response| response.project);
        let found = found.ok_or_else(|| server.no_project(project))?;
        found.artifact_collections
    };
    let Some(connection) = connection else {
        return Ok(empty());
    };
    let nodes = connection.edges.into_iter().filter_map(|edge| edge.node);
    let items = nodes.map(|node| details(project, node));
    let mut items = items
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| server.protocol_error(LISTING, error.to_string()))?;
    // A sequence with pending versions only does not exist yet.
    items.retain(|found| found.kind == CollectionKind::Portfolio || 0 < found.version_count);
    Ok(Page {
        items,
        next: next(connection.page_info),
    })
}

fn empty<T>() -> Page<T> {
    Page {
        items: Vec::new(),
        next: None,
    }
}

/// Finds a collection.
pub(super) async fn find(
    server: &Wandb,
    project: &ProjectAddress,
    name: &ArtifactName,
) -> Result<CollectionDetails, RegistryError> {
    let operation = ProjectArtifactCollection::build(CollectionVariables {
        entity: project.entity.to_string(),
        project: project.project.to_string(),
        name: name.to_string(),
    });
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(READING, error))?;
    let found = response.and_then(|response| response.project);
    let found = found.ok_or_else(|| server.no_project(project))?;
    let found = found.artifact_collection;
    let found = found.ok_or_else(|| server.no_collection(project, name))?;
    details(project, found).map_err(|error| server.protocol_error(READING, error.to_string()))
}

fn details(
    project: &ProjectAddress,
    found: DetailedCollection,
) -> Result<CollectionDetails, BoxError> {
    let tags = found.tags.into_iter().flat_map(|tags| tags.edges);
    let tags = tags
        .filter_map(|edge| edge.node)
        .map(|tag| tag.name.parse());
    let mut tags: Vec<Tag> = tags.collect::<Result<_, _>>()?;
    tags.sort();
    let created_at = records::timestamp(&found.created_at)?;
    let count = found.artifacts.map_or(0, |artifacts| artifacts.total_count);
    Ok(CollectionDetails {
        id: CollectionId(found.id.into_inner()),
        kind: kind(&found.kind),
        project: project.clone(),
        name: found.name.parse()?,
        artifact_type: found.default_artifact_type.name.parse()?,
        description: found.description.filter(|text| !text.is_empty()),
        tags,
        version_count: u64::try_from(count)?,
        created_at,
        updated_at: match &found.updated_at {
            Some(text) => records::timestamp(text)?,
            None => created_at,
        },
    })
}

/// Returns the collection kind of a GraphQL type name.
pub(super) fn kind(type_name: &str) -> CollectionKind {
    if type_name == "ArtifactPortfolio" {
        CollectionKind::Portfolio
    } else {
        CollectionKind::Sequence
    }
}

/// Lists the members of a collection.
pub(super) async fn members(
    server: &Wandb,
    project: &ProjectAddress,
    name: &ArtifactName,
    request: ListRequest,
) -> Result<Page<ArtifactRecord>, RegistryError> {
    let builder = OperationBuilder::<CollectionMembers, _>::query();
    let filters = request.filter.unwrap_or_else(|| COMMITTED.to_owned());
    let operation = builder.with_variables(MembersVariables {
        entity: project.entity.to_string(),
        project: project.project.to_string(),
        collection: name.to_string(),
        per_page: Some(limit(&request.page)),
        cursor: request.page.after.map(|after| after.to_string()),
        order: request.order,
        filters: Some(JsonText(filters)),
    });
    let operation = with_features(server, operation).await;
    let response = null_if_not_found(server.graphql.execute(operation).await);
    let response = response.map_err(|error| server.failed(LISTING, error))?;
    let found = response.and_then(|response| response.project);
    let found = found.ok_or_else(|| server.no_project(project))?;
    let found = found.artifact_collection;
    let found = found.ok_or_else(|| server.no_collection(project, name))?;
    let Some(connection) = found.artifacts else {
        return Ok(empty());
    };
    let members = connection.edges.into_iter().filter_map(|edge| {
        let node = edge.node.filter(records::is_committed)?;
        Some((edge.version, node))
    });
    let items = members.map(|(version, node)| {
        let (project, name) = (project.clone(), name.clone());
        records::record_in(node, project, name, version.parse()?)
    });
    let items = items
        .collect::<Result<_, _>>()
        .map_err(|error: BoxError| server.protocol_error(LISTING, error.to_string()))?;
    Ok(Page {
        items,
        next: next(connection.page_info),
    })
}

/// Tags, renames or describes a collection.
pub(super) async fn change(
    server: &Wandb,
    project: &ProjectAddress,
    name: &ArtifactName,
    edits: CollectionEdits,
) -> Result<CollectionDetails, RegistryError> {
    let found = find(server, project, name).await?;
    // By the old name, so before the rename.
    if !edits.tags_to_add.is_empty() {
        let variables = tags(project, name, &edits.tags_to_add);
        let response = server
            .graphql
            .execute(AddArtifactCollectionTags::build(variables));
        let response = response
            .await
            .map_err(|error| server.failed(OPERATION, error))?;
        let tagged = response.create_artifact_collection_tag_assignments;
        tagged.ok_or_else(|| unchanged(project, name))?;
    }
    if !edits.tags_to_delete.is_empty() {
        let variables = tags(project, name, &edits.tags_to_delete);
        let response = server
            .graphql
            .execute(DeleteArtifactCollectionTags::build(variables));
        let response = response
            .await
            .map_err(|error| server.failed(OPERATION, error))?;
        let untagged = response.delete_artifact_collection_tag_assignments;
        let untagged = untagged.filter(|response| response.success);
        untagged.ok_or_else(|| unchanged(project, name))?;
    }
    if edits.name.is_none() && edits.description.is_none() {
        return find(server, project, name).await;
    }
    let variables = EditVariables {
        id: Id::new(found.id.0),
        name: edits.name.as_ref().map(ToString::to_string),
        description: edits.description,
    };
    let changed = match found.kind {
        CollectionKind::Sequence => {
            let response = server
                .graphql
                .execute(UpdateArtifactSequence::build(variables));
            let response = response
                .await
                .map_err(|error| server.failed(OPERATION, error))?;
            response.update_artifact_sequence
        }
        CollectionKind::Portfolio => {
            let response = server
                .graphql
                .execute(UpdateArtifactPortfolio::build(variables));
            let response = response
                .await
                .map_err(|error| server.failed(OPERATION, error))?;
            response.update_artifact_portfolio
        }
    };
    let changed = changed.and_then(|payload| payload.artifact_collection);
    changed.ok_or_else(|| unchanged(project, name))?;
    find(server, project, edits.name.as_ref().unwrap_or(name)).await
}

fn tags(project: &ProjectAddress, name: &ArtifactName, tags: &[Tag]) -> CollectionTagsVariables {
    let input = |tag: &Tag| TagInput {
        tag_name: tag.to_string(),
    };
    CollectionTagsVariables {
        entity: project.entity.to_string(),
        project: project.project.to_string(),
        name: name.to_string(),
        tags: tags.iter().map(input).collect(),
    }
}

fn unchanged(project: &ProjectAddress, name: &ArtifactName) -> RegistryError {
    RegistryError::Rejected {
        what: format!("the server did not change the collection {project}/{name}"),
    }
}

/// Deletes a collection.
pub(super) async fn delete(
    server: &Wandb,
    project: &ProjectAddress,
    name: &ArtifactName,
) -> Result<(), RegistryError> {
    const DELETING: &str = "deleting a collection";
    let found = find(server, project, name).await?;
    let variables = CollectionIdVariables {
        id: Id::new(found.id.0),
    };
    let deleted = match found.kind {
        CollectionKind::Sequence => {
            let response = server
                .graphql
                .execute(DeleteArtifactSequence::build(variables));
            let response = response
                .await
                .map_err(|error| server.failed(DELETING, error))?;
            response.delete_artifact_sequence
        }
        CollectionKind::Portfolio => {
            let response = server
                .graphql
                .execute(DeleteArtifactPortfolio::build(variables));
            let response = response
                .await
                .map_err(|error| server.failed(DELETING, error))?;
            response.delete_artifact_portfolio
        }
    };
    deleted.map(drop).ok_or_else(|| unchanged(project, name))
}
