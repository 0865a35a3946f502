//! The account, its organizations, and the features of the server. Source: section 2.9 of the wire protocol.

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

/// The server's features.
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

/// Variables: an entity.
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

/// Variables: an entity.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct OrganizationVariables {
    pub(crate) entity: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "OrganizationVariables")]
pub(crate) struct FetchOrgInfoFromEntity {
    #[arguments(name: $entity)]
    pub(crate) entity: Option<MemberEntity>,
}

/// A team belongs to one organization, a user to any number.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
pub(crate) struct MemberEntity {
    pub(crate) organization: Option<Organization>,
    pub(crate) user: Option<MemberUser>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "User")]
pub(crate) struct MemberUser {
    pub(crate) organizations: Vec<Organization>,
}

/// An organization, and the entity that owns its registries.
#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct Organization {
    pub(crate) name: String,
    pub(crate) org_entity: Option<Entity>,
}
