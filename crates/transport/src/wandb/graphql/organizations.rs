//! The organizations that an entity belongs to. Source: section 2.9 of the wire protocol.

use super::Entity;
use super::schema;

/// Whose organizations.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct OrganizationVariables {
    pub(in crate::wandb) entity: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "OrganizationVariables")]
pub(in crate::wandb) struct FetchOrgInfoFromEntity {
    #[arguments(name: $entity)]
    pub(in crate::wandb) entity: Option<MemberEntity>,
}

/// A team belongs to one organization, a user to any number.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
pub(in crate::wandb) struct MemberEntity {
    pub(in crate::wandb) organization: Option<Organization>,
    pub(in crate::wandb) user: Option<MemberUser>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "User")]
pub(in crate::wandb) struct MemberUser {
    pub(in crate::wandb) organizations: Vec<Organization>,
}

/// An organization, and the entity that its registries belong to.
#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct Organization {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) org_entity: Option<Entity>,
}
