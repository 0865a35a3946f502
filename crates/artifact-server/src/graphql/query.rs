//! What can be asked.

use artifact_core::ports::ArtifactId;
use artifact_store::service::CollectionId;
use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::asker::{asker, list_query};
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
        Some(UserNode::asker(&asker(context).account))
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
        let asker = asker(context);
        let Ok(entity) = asker.entity(entity_name.as_deref()) else {
            return Ok(None);
        };
        let query = list_query(after, first, None, None);
        let slice = asker.service.projects(&entity, &query)?;
        Ok(Some(ProjectConnection::of(slice, ProjectNode::from)))
    }

    async fn entity(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<EntityNode>> {
        let asker = asker(context);
        let Ok(entity) = asker.entity(name.as_deref()) else {
            return Ok(None);
        };
        Ok(asker.service.entity(&entity)?.map(EntityNode::from))
    }

    /// Each entity is one.
    async fn organization(
        &self,
        context: &Context<'_>,
        name: Option<String>,
    ) -> Result<Option<OrganizationNode>> {
        let asker = asker(context);
        let Ok(entity) = asker.entity(name.as_deref()) else {
            return Ok(None);
        };
        Ok(asker.service.entity(&entity)?.map(OrganizationNode::from))
    }

    async fn artifact(&self, context: &Context<'_>, id: ID) -> Result<Option<ArtifactNode>> {
        let found = asker(context).service.version(&ArtifactId(id.0))?;
        Ok(found.map(ArtifactNode::from))
    }

    async fn artifact_collection(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<CollectionNode>> {
        let id = CollectionId(id.0);
        let found = asker(context).service.collection_with_id(&id)?;
        Ok(found.map(CollectionNode::from))
    }

    /// The version that a client knows under an id of its own; works before the version is committed.
    #[graphql(name = "clientIDMapping")]
    async fn client_id_mapping(
        &self,
        context: &Context<'_>,
        #[graphql(name = "clientID")] client_id: ID,
    ) -> Result<Option<ClientIDMapping>> {
        let found = asker(context).service.version_of_client_id(&client_id)?;
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
    let asker = asker(context);
    let Some(address) = asker.project(entity, name) else {
        return Ok(None);
    };
    Ok(asker.service.project(&address)?.map(ProjectNode::from))
}
