//! Mutations of collections, and links of versions to portfolios.

use artifact_core::records::{
    ArtifactId, Collection, CollectionChanges, CollectionId, CollectionKind,
};
use artifact_store::service::LinkTarget;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{ArtifactAliasInput, Success, TagInput, aliases, tags};
use crate::graphql::context::{RequestContext, request_context};
use crate::graphql::types::{CollectionNode, MembershipNode, TagNode};

/// Mutations of collections and links.
#[derive(Default)]
pub(crate) struct CollectionMutations;

/// Changes of a sequence.
#[derive(InputObject)]
pub(crate) struct UpdateArtifactSequenceInput {
    #[graphql(name = "artifactSequenceID")]
    id: ID,
    name: Option<String>,
    description: Option<String>,
    client_mutation_id: Option<String>,
}

/// Changes of a portfolio.
#[derive(InputObject)]
pub(crate) struct UpdateArtifactPortfolioInput {
    #[graphql(name = "artifactPortfolioID")]
    id: ID,
    name: Option<String>,
    description: Option<String>,
    client_mutation_id: Option<String>,
}

/// A sequence and its new type.
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

/// Tags to add to a collection.
#[derive(InputObject)]
pub(crate) struct CreateArtifactCollectionTagAssignmentsInput {
    entity_name: String,
    project_name: String,
    artifact_collection_name: String,
    tags: Vec<TagInput>,
    #[graphql(name = "clientMutationID")]
    client_mutation_id: Option<String>,
}

/// Tags to remove from a collection.
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

    async fn link_artifact(
        &self,
        context: &Context<'_>,
        input: LinkArtifactInput,
    ) -> Result<Option<LinkArtifactPayload>> {
        let request = request_context(context);
        let (version, target) = (input.version(request)?, input.target(request)?);
        let membership = request
            .service
            .link(&version, &target, &aliases(input.aliases)?)?;
        Ok(Some(LinkArtifactPayload {
            version_index: Some(membership.index.get()),
            artifact_membership: Some(MembershipNode(membership)),
        }))
    }

    async fn unlink_artifact(
        &self,
        context: &Context<'_>,
        input: UnlinkArtifactInput,
    ) -> Result<Option<Success>> {
        let version = ArtifactId(input.artifact_id.0);
        let portfolio = CollectionId(input.artifact_portfolio_id.0);
        request_context(context)
            .service
            .unlink(&version, &portfolio)?;
        Ok(Some(Success::done()))
    }
}

/// A version and the portfolio to link it to.
#[derive(InputObject)]
pub(crate) struct LinkArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: Option<ID>,
    #[graphql(name = "clientID")]
    client_id: Option<ID>,
    artifact_portfolio_name: Option<String>,
    #[graphql(name = "artifactPortfolioID")]
    artifact_portfolio_id: Option<ID>,
    entity_name: Option<String>,
    project_name: Option<String>,
    aliases: Option<Vec<ArtifactAliasInput>>,
    client_mutation_id: Option<String>,
}

/// A version to unlink from a portfolio.
#[derive(InputObject)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
pub(crate) struct UnlinkArtifactInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    #[graphql(name = "artifactPortfolioID")]
    artifact_portfolio_id: ID,
    client_mutation_id: Option<String>,
}

/// The membership of the linked version.
#[derive(SimpleObject)]
pub(crate) struct LinkArtifactPayload {
    version_index: Option<u32>,
    artifact_membership: Option<MembershipNode>,
}

impl LinkArtifactInput {
    fn version(&self, request: &RequestContext) -> Result<ArtifactId> {
        if let Some(id) = &self.artifact_id {
            return Ok(ArtifactId(id.0.clone()));
        }
        let client_id = self
            .client_id
            .as_ref()
            .ok_or("artifactID or clientID is needed")?;
        let found = request.service.version_of_client_id(client_id)?;
        Ok(found.ok_or_else(|| format!("no artifact has the client id {}", client_id.0))?)
    }

    fn target(&self, request: &RequestContext) -> Result<LinkTarget> {
        if let Some(id) = &self.artifact_portfolio_id {
            return Ok(LinkTarget::Id(CollectionId(id.0.clone())));
        }
        let name = self.artifact_portfolio_name.as_deref();
        let name = name.ok_or("artifactPortfolioName or artifactPortfolioID is needed")?;
        let (entity, project) = (self.entity_name.as_deref(), self.project_name.as_deref());
        Ok(LinkTarget::Named(
            request.checked_project(entity, project)?,
            name.parse()?,
        ))
    }
}
