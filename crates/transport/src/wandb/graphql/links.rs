//! Linking versions to portfolios, and deleting them. Source: sections 2.6 and 2.7 of the wire protocol.

use cynic::Id;

use super::artifacts::ArtifactIdVariablesFields;
use super::schema;
use super::{ArtifactAliasInput, CollectionInfo, MembershipAlias, Success, UsedPayload};

/// What to link where.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct LinkVariables {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) aliases: Option<Vec<ArtifactAliasInput>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "LinkVariables")]
pub(in crate::wandb) struct LinkArtifact {
    #[arguments(input: {
        artifactID: $artifact_id,
        artifactPortfolioName: $name,
        entityName: $entity,
        projectName: $project,
        aliases: $aliases
    })]
    pub(in crate::wandb) link_artifact: Option<LinkArtifactPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct LinkArtifactPayload {
    pub(in crate::wandb) version_index: Option<i32>,
}

/// What to take out of which portfolio.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct UnlinkVariables {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    #[cynic(rename = "artifactPortfolioID")]
    pub(in crate::wandb) portfolio_id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UnlinkVariables")]
pub(in crate::wandb) struct UnlinkArtifact {
    #[arguments(input: { artifactID: $artifact_id, artifactPortfolioID: $portfolio_id })]
    pub(in crate::wandb) unlink_artifact: Option<Success>,
}

/// What to delete.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct DeleteVariables {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    pub(in crate::wandb) delete_aliases: Option<bool>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "DeleteVariables")]
pub(in crate::wandb) struct DeleteArtifact {
    #[arguments(input: { artifactID: $artifact_id, deleteAliases: $delete_aliases })]
    pub(in crate::wandb) delete_artifact: Option<UsedPayload>,
}

/// Where a version is linked.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(in crate::wandb) struct FetchLinkedArtifacts {
    #[arguments(id: $id)]
    pub(in crate::wandb) artifact: Option<LinkedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct LinkedArtifact {
    pub(in crate::wandb) artifact_memberships: LinkedMemberships,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembershipConnection")]
pub(in crate::wandb) struct LinkedMemberships {
    pub(in crate::wandb) edges: Vec<LinkedMembershipEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembershipEdge")]
pub(in crate::wandb) struct LinkedMembershipEdge {
    pub(in crate::wandb) node: Option<LinkedMembership>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembership")]
pub(in crate::wandb) struct LinkedMembership {
    pub(in crate::wandb) version_index: Option<i32>,
    pub(in crate::wandb) aliases: Vec<MembershipAlias>,
    pub(in crate::wandb) artifact_collection: Option<LinkedCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(in crate::wandb) struct LinkedCollection {
    #[cynic(rename = "__typename")]
    pub(in crate::wandb) kind: String,
    #[cynic(spread)]
    pub(in crate::wandb) info: CollectionInfo,
}
