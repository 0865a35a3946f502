//! The root of all queries, and the description of the server.

use artifact_core::records::{ArtifactId, CollectionId};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde_json::json;

use super::context::{list_query, request_context};
use super::types::{
    ArtifactNode, CollectionNode, EntityNode, OrganizationNode, ProjectConnection, ProjectNode,
    UserNode,
};
use crate::graphql::scalars::Json;

/// The root of all queries.
pub(crate) struct Query;

/// The server's ID for a client-generated ID.
#[derive(SimpleObject)]
pub(crate) struct ClientIDMapping {
    #[graphql(name = "serverID")]
    server_id: ID,
}

#[Object]
impl Query {
    /// The account of the request.
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

    /// The older name of `project`.
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

    /// Each entity is its own organization.
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

    /// The version with a client-generated ID; also before it is committed.
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

/// Names of the features that this server has, including those that only older clients read. Source: section 2.2 of
/// the wire protocol.
const FEATURES: &[&str] = &[
    "ARTIFACT_TAGS",
    "CLIENT_IDS",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "LARGE_FILENAMES",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "MARK_RUN_FILES_UPLOADED",
    "FILESTREAM_GZIP",
    "ARTIFACT_DIGEST_ALGORITHM",
];

/// The versions of the official client that this server is tested with. Older clients infer features from the newest.
const OLDEST_CLIENT: &str = "0.24.1";
const NEWEST_CLIENT: &str = "0.31.0";

/// Description of this server.
#[derive(SimpleObject)]
pub(crate) struct ServerInfo {
    features: Vec<ServerFeature>,
    latest_local_version_info: Option<LocalVersionInfo>,
    cli_version_info: Option<Json>,
}

/// A feature of the server.
#[derive(SimpleObject)]
pub(crate) struct ServerFeature {
    name: &'static str,
    is_enabled: bool,
}

/// Update information for older clients of a private server; never present.
#[derive(SimpleObject)]
pub(crate) struct LocalVersionInfo {
    out_of_date: bool,
    latest_version_string: String,
    version_on_this_instance_string: String,
}

impl ServerInfo {
    /// Returns the description of this server.
    pub(crate) fn new() -> Self {
        let features = FEATURES.iter().map(|&name| ServerFeature {
            name,
            is_enabled: true,
        });
        Self {
            features: features.collect(),
            latest_local_version_info: None,
            cli_version_info: Some(Json(json!({
                "min_cli_version": OLDEST_CLIENT,
                "max_cli_version": NEWEST_CLIENT,
            }))),
        }
    }
}
