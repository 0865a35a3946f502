//! Finding versions, and where their content is.

use cynic::Id;

use super::scalars::{ArtifactState, DateTime, DigestAlgorithmName, Int64, JsonText};
use super::schema;

/// A version.
#[derive(cynic::QueryFragment, Debug)]
#[expect(clippy::struct_field_names, reason = "the names are the schema's")]
pub(in crate::wandb) struct Artifact {
    pub(in crate::wandb) id: Id,
    pub(in crate::wandb) artifact_sequence: ArtifactSequence,
    pub(in crate::wandb) version_index: Option<i32>,
    pub(in crate::wandb) artifact_type: ArtifactType,
    pub(in crate::wandb) description: Option<String>,
    pub(in crate::wandb) metadata: Option<JsonText>,
    pub(in crate::wandb) ttl_duration_seconds: Int64,
    pub(in crate::wandb) ttl_is_inherited: bool,
    pub(in crate::wandb) tags: Vec<Tag>,
    pub(in crate::wandb) state: ArtifactState,
    pub(in crate::wandb) size: Int64,
    pub(in crate::wandb) digest: String,
    #[cynic(feature = "ARTIFACT_DIGEST_ALGORITHM")]
    pub(in crate::wandb) digest_algorithm: Option<DigestAlgorithmName>,
    pub(in crate::wandb) file_count: i32,
    pub(in crate::wandb) created_at: DateTime,
    pub(in crate::wandb) updated_at: Option<DateTime>,
    pub(in crate::wandb) aliases: Vec<ArtifactAlias>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ArtifactSequence {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) project: Option<ProjectInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project")]
pub(in crate::wandb) struct ProjectInfo {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) entity: EntityInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
pub(in crate::wandb) struct EntityInfo {
    pub(in crate::wandb) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ArtifactType {
    pub(in crate::wandb) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct Tag {
    pub(in crate::wandb) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct ArtifactAlias {
    pub(in crate::wandb) alias: String,
    pub(in crate::wandb) artifact_collection: Option<CollectionInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(in crate::wandb) struct CollectionInfo {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) project: Option<ProjectInfo>,
}

/// Which version, by its id.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct ArtifactIdVariables {
    pub(in crate::wandb) id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(in crate::wandb) struct ArtifactByID {
    #[arguments(id: $id)]
    pub(in crate::wandb) artifact: Option<Artifact>,
}

/// Which version, by its name: `collection`, `collection:alias` or `collection:vN`.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct MembershipVariables {
    pub(in crate::wandb) entity: String,
    pub(in crate::wandb) project: String,
    pub(in crate::wandb) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "MembershipVariables")]
pub(in crate::wandb) struct ArtifactMembershipByName {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<MembershipProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "MembershipVariables")]
pub(in crate::wandb) struct MembershipProject {
    #[arguments(name: $name)]
    pub(in crate::wandb) artifact_collection_membership: Option<Membership>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembership")]
pub(in crate::wandb) struct Membership {
    pub(in crate::wandb) version_index: Option<i32>,
    pub(in crate::wandb) aliases: Vec<MembershipAlias>,
    pub(in crate::wandb) artifact_collection: Option<CollectionInfo>,
    pub(in crate::wandb) artifact: Option<Artifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactAlias")]
pub(in crate::wandb) struct MembershipAlias {
    pub(in crate::wandb) alias: String,
}

/// Where the manifest is.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(in crate::wandb) struct FetchArtifactManifest {
    #[arguments(id: $id)]
    pub(in crate::wandb) artifact: Option<ManifestArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct ManifestArtifact {
    pub(in crate::wandb) current_manifest: Option<CurrentManifest>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifest")]
pub(in crate::wandb) struct CurrentManifest {
    pub(in crate::wandb) file: CurrentManifestFile,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ManifestFile")]
pub(in crate::wandb) struct CurrentManifestFile {
    pub(in crate::wandb) direct_url: String,
}

/// Which entries of a version.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct EntriesVariables {
    pub(in crate::wandb) id: Id,
    pub(in crate::wandb) entries: Option<Vec<ArtifactManifestEntryInput>>,
    pub(in crate::wandb) storage_layout: String,
    pub(in crate::wandb) manifest_version: String,
    pub(in crate::wandb) first: i32,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct ArtifactManifestEntryInput {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) digest: String,
    #[cynic(rename = "birthArtifactID")]
    pub(in crate::wandb) birth_artifact_id: Option<String>,
    pub(in crate::wandb) size: Option<Int64>,
}

/// Where the content of entries is.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "EntriesVariables")]
pub(in crate::wandb) struct ArtifactFileURLsByManifestEntries {
    #[arguments(id: $id)]
    pub(in crate::wandb) artifact: Option<EntriesArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact", variables = "EntriesVariables")]
pub(in crate::wandb) struct EntriesArtifact {
    #[arguments(
        entries: $entries,
        storageLayout: $storage_layout,
        manifestVersion: $manifest_version,
        first: $first
    )]
    pub(in crate::wandb) files_by_manifest_entries: Option<FileUrls>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileConnection")]
pub(in crate::wandb) struct FileUrls {
    pub(in crate::wandb) edges: Vec<FileUrlEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileEdge")]
pub(in crate::wandb) struct FileUrlEdge {
    pub(in crate::wandb) node: Option<FileUrl>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
pub(in crate::wandb) struct FileUrl {
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) direct_url: String,
}

/// What state a version is in, and where it belongs.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(in crate::wandb) struct ArtifactStateQuery {
    #[arguments(id: $id)]
    pub(in crate::wandb) artifact: Option<StateArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct StateArtifact {
    pub(in crate::wandb) state: ArtifactState,
    pub(in crate::wandb) artifact_sequence: ArtifactSequence,
}
