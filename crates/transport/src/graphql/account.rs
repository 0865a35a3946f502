//! Who asks, and what the server can do.

use super::schema;

/// The account that the credentials belong to.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub(crate) struct Viewer {
    pub(crate) viewer: Option<User>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct User {
    pub(crate) entity: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) teams: Option<EntityConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct EntityConnection {
    pub(crate) edges: Vec<EntityEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct EntityEdge {
    pub(crate) node: Option<Entity>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct Entity {
    pub(crate) name: String,
}

/// What the server can do.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query")]
pub(crate) struct ServerFeaturesQuery {
    pub(crate) server_info: Option<ServerInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ServerInfo {
    pub(crate) features: Vec<Option<ServerFeature>>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ServerFeature {
    pub(crate) name: String,
    pub(crate) is_enabled: bool,
}

/// Which entity.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct EntityName {
    pub(crate) entity_name: String,
}

/// Whether the entity may have versions with XXH128 digests.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "EntityName")]
pub(crate) struct XXHashDigestsEnabled {
    #[arguments(name: $entity_name)]
    pub(crate) entity: Option<XxhashEntity>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
pub(crate) struct XxhashEntity {
    pub(crate) xxhash_digests_enabled: Option<bool>,
}
