//! Queries for versions, manifests and download URLs.

use cynic::Id;

use super::scalars::{ArtifactState, DateTime, DigestAlgorithmName, Int64, JsonText};
use super::schema;

/// A version.
#[derive(cynic::QueryFragment, Debug)]
#[expect(clippy::struct_field_names, reason = "the names are the schema's")]
pub(crate) struct Artifact {
    pub(crate) id: Id,
    pub(crate) artifact_sequence: ArtifactSequence,
    pub(crate) version_index: Option<i32>,
    pub(crate) artifact_type: ArtifactType,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Option<JsonText>,
    pub(crate) ttl_duration_seconds: Int64,
    pub(crate) ttl_is_inherited: bool,
    pub(crate) tags: Vec<Tag>,
    pub(crate) state: ArtifactState,
    pub(crate) size: Int64,
    pub(crate) digest: String,
    #[cynic(feature = "ARTIFACT_DIGEST_ALGORITHM")]
    pub(crate) digest_algorithm: Option<DigestAlgorithmName>,
    pub(crate) file_count: i32,
    pub(crate) created_at: DateTime,
    pub(crate) updated_at: Option<DateTime>,
    pub(crate) aliases: Vec<ArtifactAlias>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ArtifactSequence {
    pub(crate) name: String,
    pub(crate) project: Option<ProjectInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project")]
pub(crate) struct ProjectInfo {
    pub(crate) name: String,
    pub(crate) entity: EntityInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
pub(crate) struct EntityInfo {
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ArtifactType {
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct ArtifactAlias {
    pub(crate) alias: String,
    pub(crate) artifact_collection: Option<CollectionInfo>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(crate) struct CollectionInfo {
    pub(crate) name: String,
    pub(crate) project: Option<ProjectInfo>,
}

/// Variables: the id of a version.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct ArtifactIdVariables {
    pub(crate) id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(crate) struct ArtifactByID {
    #[arguments(id: $id)]
    pub(crate) artifact: Option<Artifact>,
}

/// Variables: the name of a version: `collection`, `collection:alias` or `collection:vN`.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct MembershipVariables {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "MembershipVariables")]
pub(crate) struct ArtifactMembershipByName {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<MembershipProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "MembershipVariables")]
pub(crate) struct MembershipProject {
    #[arguments(name: $name)]
    pub(crate) artifact_collection_membership: Option<Membership>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembership")]
pub(crate) struct Membership {
    pub(crate) version_index: Option<i32>,
    pub(crate) aliases: Vec<MembershipAlias>,
    pub(crate) artifact_collection: Option<CollectionInfo>,
    pub(crate) artifact: Option<Artifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactAlias")]
pub(crate) struct MembershipAlias {
    pub(crate) alias: String,
}

/// The URL of the manifest.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(crate) struct FetchArtifactManifest {
    #[arguments(id: $id)]
    pub(crate) artifact: Option<ManifestArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct ManifestArtifact {
    pub(crate) current_manifest: Option<CurrentManifest>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifest")]
pub(crate) struct CurrentManifest {
    pub(crate) file: CurrentManifestFile,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ManifestFile")]
pub(crate) struct CurrentManifestFile {
    pub(crate) direct_url: String,
}

/// Variables: entries of a version.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct EntriesVariables {
    pub(crate) id: Id,
    pub(crate) entries: Option<Vec<ArtifactManifestEntryInput>>,
    pub(crate) storage_layout: String,
    pub(crate) manifest_version: String,
    pub(crate) first: i32,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ArtifactManifestEntryInput {
    pub(crate) name: String,
    pub(crate) digest: String,
    #[cynic(rename = "birthArtifactID")]
    pub(crate) birth_artifact_id: Option<String>,
    pub(crate) size: Option<Int64>,
}

/// The download URLs of entries.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "EntriesVariables")]
pub(crate) struct ArtifactFileURLsByManifestEntries {
    #[arguments(id: $id)]
    pub(crate) artifact: Option<EntriesArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact", variables = "EntriesVariables")]
pub(crate) struct EntriesArtifact {
    #[arguments(
        entries: $entries,
        storageLayout: $storage_layout,
        manifestVersion: $manifest_version,
        first: $first
    )]
    pub(crate) files_by_manifest_entries: Option<FileUrls>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileConnection")]
pub(crate) struct FileUrls {
    pub(crate) edges: Vec<FileUrlEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileEdge")]
pub(crate) struct FileUrlEdge {
    pub(crate) node: Option<FileUrl>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
pub(crate) struct FileUrl {
    pub(crate) name: String,
    pub(crate) direct_url: String,
}

/// The state and the collection of a version.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "ArtifactIdVariables")]
pub(crate) struct ArtifactStateQuery {
    #[arguments(id: $id)]
    pub(crate) artifact: Option<StateArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct StateArtifact {
    pub(crate) state: ArtifactState,
    pub(crate) artifact_sequence: ArtifactSequence,
}
