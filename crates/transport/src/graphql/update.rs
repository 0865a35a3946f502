//! Changes of versions: use, fields, aliases, links, deletion. Source: sections 2.6 and 2.7 of the wire protocol.

use cynic::Id;

use super::artifacts::ArtifactIdVariablesFields;
use super::scalars::{Int64, JsonText};
use super::schema;
use super::{Artifact, ArtifactAliasInput, CollectionInfo, MembershipAlias, TagInput};

/// Variables: a version that a run uses.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct UseVariables {
    pub(crate) input: UseArtifactInput,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct UseArtifactInput {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    pub(crate) entity_name: String,
    pub(crate) project_name: String,
    pub(crate) run_name: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_entity_name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_project_name: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UseVariables")]
pub(crate) struct UseArtifact {
    #[arguments(input: $input)]
    pub(crate) use_artifact: Option<UsedPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactPayload")]
pub(crate) struct UsedPayload {
    pub(crate) artifact: Option<UsedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct UsedArtifact {
    #[cynic(rename = "id")]
    pub(crate) _id: Id,
}

/// Variables: changes of a version; absent fields stay.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct UpdateVariables {
    pub(crate) input: UpdateArtifactInput,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct UpdateArtifactInput {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<JsonText>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl_duration_seconds: Option<Int64>,
    pub(crate) tags_to_add: Option<Vec<TagInput>>,
    pub(crate) tags_to_delete: Option<Vec<TagInput>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateVariables")]
pub(crate) struct UpdateArtifact {
    #[arguments(input: $input)]
    pub(crate) update_artifact: Option<UpdatedPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactPayload")]
pub(crate) struct UpdatedPayload {
    pub(crate) artifact: Option<Artifact>,
}

/// An alias in a collection.
#[derive(cynic::InputObject, Debug)]
pub(crate) struct ArtifactCollectionAliasInput {
    pub(crate) entity_name: String,
    pub(crate) project_name: String,
    pub(crate) artifact_collection_name: String,
    pub(crate) alias: String,
}

/// Variables: aliases of a version.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct AliasesVariables {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    pub(crate) aliases: Vec<ArtifactCollectionAliasInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "AliasesVariables")]
pub(crate) struct AddAliases {
    #[arguments(input: { artifactID: $artifact_id, aliases: $aliases })]
    pub(crate) add_aliases: Option<Success>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "AliasesVariables")]
pub(crate) struct DeleteAliases {
    #[arguments(input: { artifactID: $artifact_id, aliases: $aliases })]
    pub(crate) delete_aliases: Option<Success>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct Success {
    pub(crate) success: bool,
}

/// Variables: a version, and the portfolio to link it to.
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

/// Variables: a version, and the portfolio to unlink it from.
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

/// Variables: a version to delete.
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

/// The portfolios that a version is linked to.
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
