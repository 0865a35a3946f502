//! Using a version, and changing what may change of it.

use cynic::Id;

use super::scalars::{Int64, JsonText};
use super::schema;
use super::{Artifact, TagInput};

/// A version that a run uses.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct UseVariables {
    pub(in crate::wandb) input: UseArtifactInput,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct UseArtifactInput {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    pub(in crate::wandb) entity_name: String,
    pub(in crate::wandb) project_name: String,
    pub(in crate::wandb) run_name: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) artifact_entity_name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) artifact_project_name: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UseVariables")]
pub(in crate::wandb) struct UseArtifact {
    #[arguments(input: $input)]
    pub(in crate::wandb) use_artifact: Option<UsedPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactPayload")]
pub(in crate::wandb) struct UsedPayload {
    pub(in crate::wandb) artifact: Option<UsedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct UsedArtifact {
    #[cynic(rename = "id")]
    pub(in crate::wandb) _id: Id,
}

/// What to change of a version; what is absent stays.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct UpdateVariables {
    pub(in crate::wandb) input: UpdateArtifactInput,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct UpdateArtifactInput {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) metadata: Option<JsonText>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) ttl_duration_seconds: Option<Int64>,
    pub(in crate::wandb) tags_to_add: Option<Vec<TagInput>>,
    pub(in crate::wandb) tags_to_delete: Option<Vec<TagInput>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateVariables")]
pub(in crate::wandb) struct UpdateArtifact {
    #[arguments(input: $input)]
    pub(in crate::wandb) update_artifact: Option<UpdatedPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactPayload")]
pub(in crate::wandb) struct UpdatedPayload {
    pub(in crate::wandb) artifact: Option<Artifact>,
}

/// An alias in any collection.
#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct ArtifactCollectionAliasInput {
    pub(in crate::wandb) entity_name: String,
    pub(in crate::wandb) project_name: String,
    pub(in crate::wandb) artifact_collection_name: String,
    pub(in crate::wandb) alias: String,
}

/// Aliases of a version.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct AliasesVariables {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    pub(in crate::wandb) aliases: Vec<ArtifactCollectionAliasInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "AliasesVariables")]
pub(in crate::wandb) struct AddAliases {
    #[arguments(input: { artifactID: $artifact_id, aliases: $aliases })]
    pub(in crate::wandb) add_aliases: Option<Success>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "AliasesVariables")]
pub(in crate::wandb) struct DeleteAliases {
    #[arguments(input: { artifactID: $artifact_id, aliases: $aliases })]
    pub(in crate::wandb) delete_aliases: Option<Success>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct Success {
    pub(in crate::wandb) success: bool,
}
