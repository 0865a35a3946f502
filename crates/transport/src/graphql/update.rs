//! Using a version, and changing what may change of it.

use cynic::Id;

use super::scalars::{Int64, JsonText};
use super::schema;
use super::{Artifact, TagInput};

/// A version that a run uses.
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

/// What to change of a version; what is absent stays.
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

/// An alias in any collection.
#[derive(cynic::InputObject, Debug)]
pub(crate) struct ArtifactCollectionAliasInput {
    pub(crate) entity_name: String,
    pub(crate) project_name: String,
    pub(crate) artifact_collection_name: String,
    pub(crate) alias: String,
}

/// Aliases of a version.
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
