//! The organizations that an entity belongs to. Source: section 2.9 of the wire protocol.

use super::Entity;
use super::schema;

/// Whose organizations.
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

/// An organization, and the entity that its registries belong to.
#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct Organization {
    pub(crate) name: String,
    pub(crate) org_entity: Option<Entity>,
}
