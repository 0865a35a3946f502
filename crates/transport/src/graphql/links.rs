//! Linking versions to portfolios, and deleting them. Source: sections 2.6 and 2.7 of the wire protocol.

use cynic::Id;

use super::artifacts::ArtifactIdVariablesFields;
use super::schema;
use super::{ArtifactAliasInput, CollectionInfo, MembershipAlias, Success, UsedPayload};

/// What to link where.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct LinkVariables {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    pub(crate) name: String,
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) aliases: Option<Vec<ArtifactAliasInput>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "LinkVariables")]
pub(crate) struct LinkArtifact {
    #[arguments(input: {
        artifactID: $artifact_id,
        artifactPortfolioName: $name,
        entityName: $entity,
        projectName: $project,
        aliases: $aliases
    })]
    pub(crate) link_artifact: Option<LinkArtifactPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct LinkArtifactPayload {
    pub(crate) version_index: Option<i32>,
}

/// What to take out of which portfolio.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct UnlinkVariables {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    #[cynic(rename = "artifactPortfolioID")]
    pub(crate) portfolio_id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UnlinkVariables")]
pub(crate) struct UnlinkArtifact {
    #[arguments(input: { artifactID: $artifact_id, artifactPortfolioID: $portfolio_id })]
    pub(crate) unlink_artifact: Option<Success>,
}

/// What to delete.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct DeleteVariables {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    pub(crate) delete_aliases: Option<bool>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "DeleteVariables")]
pub(crate) struct DeleteArtifact {
    #[arguments(input: { artifactID: $artifact_id, deleteAliases: $delete_aliases })]
    pub(crate) delete_artifact: Option<UsedPayload>,
}

/// Where a version is linked.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(crate) struct FetchLinkedArtifacts {
    #[arguments(id: $id)]
    pub(crate) artifact: Option<LinkedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct LinkedArtifact {
    pub(crate) artifact_memberships: LinkedMemberships,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembershipConnection")]
pub(crate) struct LinkedMemberships {
    pub(crate) edges: Vec<LinkedMembershipEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembershipEdge")]
pub(crate) struct LinkedMembershipEdge {
    pub(crate) node: Option<LinkedMembership>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembership")]
pub(crate) struct LinkedMembership {
    pub(crate) version_index: Option<i32>,
    pub(crate) aliases: Vec<MembershipAlias>,
    pub(crate) artifact_collection: Option<LinkedCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(crate) struct LinkedCollection {
    #[cynic(rename = "__typename")]
    pub(crate) kind: String,
    #[cynic(spread)]
    pub(crate) info: CollectionInfo,
}
