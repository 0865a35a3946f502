//! What can be asked.

use artifact_core::ports::ArtifactId;
use artifact_store::service::CollectionId;
use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::context::{list_query, request_context};
use super::types::{
    ArtifactNode, CollectionNode, EntityNode, OrganizationNode, ProjectConnection, ProjectNode,
    ServerInfo, UserNode,
};

/// The root of all questions.
pub(crate) struct Query;

/// What a client's own id means.
#[derive(SimpleObject)]
pub(crate) struct ClientIDMapping {
    #[graphql(name = "serverID")]
    server_id: ID,
}

#[Object]
impl Query {
    /// The account that the request's key belongs to.
    async fn viewer(&self, context: &Context<'_>) -> Option<UserNode> {
        Some(UserNode::of_account(&request_context(context).account))
    }

    async fn server_info(&self) -> Option<ServerInfo> {
        Some(ServerInfo::new())
    }

    async fn project(
        &self,
        context: &Context<'_>,
        name: Option<String>,
        entity_name: Option<String>,
    ) -> Result<Option<ProjectNode>> {
        project(context, name.as_deref(), entity_name.as_deref())
    }

    /// The older name of [`Self::project`].
    async fn model(
        &self,
        context: &Context<'_>,
        name: Option<String>,
        entity_name: Option<String>,
    ) -> Result<Option<ProjectNode>> {
        project(context, name.as_deref(), entity_name.as_deref())
    }

    /// The projects of an entity.
    async fn models(
        &self,
        context: &Context<'_>,
        entity_name: Option<String>,
        after: Option<String>,
        first: Option<i32>,
    ) -> Result<Option<ProjectConnection>> {
        let request = request_context(context);
        let Ok(entity) = request.entity(entity_name.as_deref()) else {
            return Ok(None);
        };
        let query = list_query(after, first, None, None);
        let slice = request.service.projects(&entity, &query)?;
        Ok(Some(ProjectConnection::of(slice, ProjectNode::from)))
    }

    async fn entity(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<EntityNode>> {
        let request = request_context(context);
        let Ok(entity) = request.entity(name.as_deref()) else {
            return Ok(None);
        };
        Ok(request.service.entity(&entity)?.map(EntityNode::from))
    }

    /// Each entity is one.
    async fn organization(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<OrganizationNode>> {
        let request = request_context(context);
        let Ok(entity) = request.entity(name.as_deref()) else {
            return Ok(None);
        };
        Ok(request.service.entity(&entity)?.map(OrganizationNode::from))
    }

    async fn artifact(&self, context: &Context<'_>, id: ID) -> Result<Option<ArtifactNode>> {
        let found = request_context(context)
            .service
            .version(&ArtifactId(id.0))?;
        Ok(found.map(ArtifactNode::from))
    }

    async fn artifact_collection(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<CollectionNode>> {
        let id = CollectionId(id.0);
        let found = request_context(context).service.collection_with_id(&id)?;
        Ok(found.map(CollectionNode::from))
    }

    /// The version that a client knows under an id of its own; works before the version is committed.
    #[graphql(name = "clientIDMapping")]
    async fn client_id_mapping(
        &self,
        context: &Context<'_>,
        #[graphql(name = "clientID")] client_id: ID,
    ) -> Result<Option<ClientIDMapping>> {
        let found = request_context(context)
            .service
            .version_of_client_id(&client_id)?;
        Ok(found.map(|id| ClientIDMapping {
            server_id: ID(id.0),
        }))
    }
}

fn project(
    context: &Context<'_>,
    name: Option<&str>,
    entity: Option<&str>,
) -> Result<Option<ProjectNode>> {
    let request = request_context(context);
    let Some(address) = request.project(entity, name) else {
        return Ok(None);
    };
    Ok(request.service.project(&address)?.map(ProjectNode::from))
}
