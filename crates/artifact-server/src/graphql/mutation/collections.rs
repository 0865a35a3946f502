//! Changing collections.

use artifact_store::service::{Collection, CollectionChanges, CollectionId, CollectionKind};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::inputs::{Success, TagInput, tags};
use crate::graphql::context::request_context;
use crate::graphql::types::{CollectionNode, TagNode};

/// Changes of collections.
#[derive(Default)]
pub(crate) struct CollectionMutations;

/// What to change of a sequence.
#[derive(InputObject)]
pub(crate) struct UpdateArtifactSequenceInput {
    #[graphql(name = "artifactSequenceID")]
    id: ID,
    name: Option<String>,
    description: Option<String>,
    client_mutation_id: Option<String>,
}

/// What to change of a portfolio.
#[derive(InputObject)]
pub(crate) struct UpdateArtifactPortfolioInput {
    #[graphql(name = "artifactPortfolioID")]
    id: ID,
    name: Option<String>,
    description: Option<String>,
    client_mutation_id: Option<String>,
}

/// A sequence, and the type that it is to have.
#[derive(InputObject)]
pub(crate) struct MoveArtifactSequenceInput {
    #[graphql(name = "artifactSequenceID")]
    id: ID,
    destination_artifact_type_name: String,
    client_mutation_id: Option<String>,
}

/// A sequence to delete.
#[derive(InputObject)]
pub(crate) struct DeleteArtifactSequenceInput {
    #[graphql(name = "artifactSequenceID")]
    id: ID,
    client_mutation_id: Option<String>,
}

/// A portfolio to delete.
#[derive(InputObject)]
pub(crate) struct DeleteArtifactPortfolioInput {
    #[graphql(name = "artifactPortfolioID")]
    id: ID,
    client_mutation_id: Option<String>,
}

/// Tags of a collection to add.
#[derive(InputObject)]
pub(crate) struct CreateArtifactCollectionTagAssignmentsInput {
    entity_name: String,
    project_name: String,
    artifact_collection_name: String,
    tags: Vec<TagInput>,
    #[graphql(name = "clientMutationID")]
    client_mutation_id: Option<String>,
}

/// Tags of a collection to take away.
#[derive(InputObject)]
pub(crate) struct DeleteArtifactCollectionTagAssignmentsInput {
    entity_name: String,
    project_name: String,
    artifact_collection_name: String,
    tags: Vec<TagInput>,
    #[graphql(name = "clientMutationID")]
    client_mutation_id: Option<String>,
}

/// The collection after the change.
#[derive(SimpleObject)]
pub(crate) struct CollectionPayload {
    artifact_collection: Option<CollectionNode>,
}

/// The tags of a collection after the change.
#[derive(SimpleObject)]
pub(crate) struct TagsPayload {
    tags: Vec<TagNode>,
}

impl CollectionPayload {
    fn of(collection: Collection) -> Self {
        Self {
            artifact_collection: Some(collection.into()),
        }
    }

    fn deleted(collection: Collection) -> Self {
        Self {
            artifact_collection: Some(CollectionNode::deleted(collection)),
        }
    }
}

fn update(
    context: &Context<'_>,
    id: ID,
    kind: CollectionKind,
    name: Option<String>,
    description: Option<String>,
) -> Result<Option<CollectionPayload>> {
    let changes = CollectionChanges {
        name: name.map(|name| name.parse()).transpose()?,
        description,
    };
    let service = &request_context(context).service;
    let collection = service.update_collection(&CollectionId(id.0), kind, &changes)?;
    Ok(Some(CollectionPayload::of(collection)))
}

fn delete(
    context: &Context<'_>,
    id: ID,
    kind: CollectionKind,
) -> Result<Option<CollectionPayload>> {
    let service = &request_context(context).service;
    let collection = service.delete_collection(&CollectionId(id.0), kind)?;
    Ok(Some(CollectionPayload::deleted(collection)))
}

#[Object]
impl CollectionMutations {
    async fn update_artifact_sequence(
        &self,
        context: &Context<'_>,
        input: UpdateArtifactSequenceInput,
    ) -> Result<Option<CollectionPayload>> {
        let UpdateArtifactSequenceInput {
            id,
            name,
            description,
            ..
        } = input;
        update(context, id, CollectionKind::Sequence, name, description)
    }

    async fn update_artifact_portfolio(
        &self,
        context: &Context<'_>,
        input: UpdateArtifactPortfolioInput,
    ) -> Result<Option<CollectionPayload>> {
        let UpdateArtifactPortfolioInput {
            id,
            name,
            description,
            ..
        } = input;
        update(context, id, CollectionKind::Portfolio, name, description)
    }

    async fn move_artifact_sequence(
        &self,
        context: &Context<'_>,
        input: MoveArtifactSequenceInput,
    ) -> Result<Option<CollectionPayload>> {
        let to = input.destination_artifact_type_name.parse()?;
        let id = CollectionId(input.id.0);
        let collection = request_context(context).service.move_collection(&id, &to)?;
        Ok(Some(CollectionPayload::of(collection)))
    }

    async fn delete_artifact_sequence(
        &self,
        context: &Context<'_>,
        input: DeleteArtifactSequenceInput,
    ) -> Result<Option<CollectionPayload>> {
        delete(context, input.id, CollectionKind::Sequence)
    }

    async fn delete_artifact_portfolio(
        &self,
        context: &Context<'_>,
        input: DeleteArtifactPortfolioInput,
    ) -> Result<Option<CollectionPayload>> {
        delete(context, input.id, CollectionKind::Portfolio)
    }

    async fn create_artifact_collection_tag_assignments(
        &self,
        context: &Context<'_>,
        input: CreateArtifactCollectionTagAssignmentsInput,
    ) -> Result<Option<TagsPayload>> {
        let request = request_context(context);
        let project =
            request.checked_project(Some(&input.entity_name), Some(&input.project_name))?;
        let name = input.artifact_collection_name.parse()?;
        let add = tags(Some(input.tags))?;
        let collection = request.service.tag_collection(&project, &name, &add, &[])?;
        Ok(Some(TagsPayload {
            tags: collection.tags.iter().map(TagNode::from).collect(),
        }))
    }

    async fn delete_artifact_collection_tag_assignments(
        &self,
        context: &Context<'_>,
        input: DeleteArtifactCollectionTagAssignmentsInput,
    ) -> Result<Option<Success>> {
        let request = request_context(context);
        let project =
            request.checked_project(Some(&input.entity_name), Some(&input.project_name))?;
        let name = input.artifact_collection_name.parse()?;
        let delete = tags(Some(input.tags))?;
        request
            .service
            .tag_collection(&project, &name, &[], &delete)?;
        Ok(Some(Success::done()))
    }
}
