//! Who asks, and what the server can do.

use super::schema;

/// The account that the credentials belong to.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub(in crate::wandb) struct Viewer {
    pub(in crate::wandb) viewer: Option<User>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct User {
    pub(in crate::wandb) entity: Option<String>,
    pub(in crate::wandb) username: Option<String>,
    pub(in crate::wandb) email: Option<String>,
    pub(in crate::wandb) teams: Option<EntityConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct EntityConnection {
    pub(in crate::wandb) edges: Vec<EntityEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct EntityEdge {
    pub(in crate::wandb) node: Option<Entity>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct Entity {
    pub(in crate::wandb) name: String,
}

/// What the server can do.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub(in crate::wandb) struct ServerFeaturesQuery {
    pub(in crate::wandb) server_info: Option<ServerInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ServerInfo {
    pub(in crate::wandb) features: Vec<Option<ServerFeature>>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ServerFeature {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) is_enabled: bool,
}

/// Which entity.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct EntityName {
    pub(in crate::wandb) entity_name: String,
}

/// Whether the entity may have versions with XXH128 digests.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "EntityName")]
pub(in crate::wandb) struct XXHashDigestsEnabled {
    #[arguments(name: $entity_name)]
    pub(in crate::wandb) entity: Option<XxhashEntity>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
pub(in crate::wandb) struct XxhashEntity {
    pub(in crate::wandb) xxhash_digests_enabled: Option<bool>,
}
