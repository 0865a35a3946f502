//! Creating a version: the version, its manifest, its files, and the commit.

use cynic::Id;

use super::scalars::{
    ArtifactState, CompleteMultipartAction, DigestAlgorithmName, Int64, JsonText, ManifestType,
    StorageLayout,
};
use super::schema;

/// Which type a collection has. Source: `ArtifactType`, which the official client asks before it logs.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct TypeVariables {
    pub(in crate::wandb) entity: Option<String>,
    pub(in crate::wandb) project: Option<String>,
    pub(in crate::wandb) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TypeVariables")]
pub(in crate::wandb) struct ArtifactTypeQuery {
    #[arguments(name: $project, entityName: $entity)]
    pub(in crate::wandb) project: Option<TypeProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "TypeVariables")]
pub(in crate::wandb) struct TypeProject {
    #[arguments(name: $name)]
    pub(in crate::wandb) artifact: Option<TypeArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct TypeArtifact {
    pub(in crate::wandb) artifact_type: super::ArtifactType,
}

/// Which collection, and of which type.
#[derive(cynic::QueryVariables, Debug)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
pub(in crate::wandb) struct CollectionOfType {
    pub(in crate::wandb) entity_name: String,
    pub(in crate::wandb) project_name: String,
    pub(in crate::wandb) artifact_type_name: String,
    pub(in crate::wandb) artifact_collection_name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CollectionOfType")]
pub(in crate::wandb) struct FetchArtifactDigestAlgorithm {
    #[arguments(name: $project_name, entityName: $entity_name)]
    pub(in crate::wandb) project: Option<AlgorithmProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "CollectionOfType")]
pub(in crate::wandb) struct AlgorithmProject {
    #[arguments(name: $artifact_type_name)]
    pub(in crate::wandb) artifact_type: Option<AlgorithmType>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactType", variables = "CollectionOfType")]
pub(in crate::wandb) struct AlgorithmType {
    #[arguments(name: $artifact_collection_name)]
    pub(in crate::wandb) artifact_collection: Option<AlgorithmCollection>,
}

#[derive(cynic::InlineFragments, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(in crate::wandb) enum AlgorithmCollection {
    ArtifactSequence(AlgorithmSequence),
    #[cynic(fallback)]
    Other,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactSequence")]
pub(in crate::wandb) struct AlgorithmSequence {
    pub(in crate::wandb) digest_algorithm: Option<DigestAlgorithmName>,
}

/// A version to create.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct CreateArtifactVariables {
    pub(in crate::wandb) input: CreateArtifactInput,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct CreateArtifactInput {
    pub(in crate::wandb) entity_name: String,
    pub(in crate::wandb) project_name: String,
    pub(in crate::wandb) artifact_type_name: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) artifact_collection_name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) artifact_collection_names: Option<Vec<String>>,
    pub(in crate::wandb) run_name: Option<String>,
    pub(in crate::wandb) digest: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) digest_algorithm: Option<DigestAlgorithmName>,
    pub(in crate::wandb) description: Option<String>,
    pub(in crate::wandb) aliases: Option<Vec<ArtifactAliasInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) tags: Option<Vec<TagInput>>,
    pub(in crate::wandb) metadata: Option<JsonText>,
    pub(in crate::wandb) ttl_duration_seconds: Option<Int64>,
    pub(in crate::wandb) enable_digest_deduplication: Option<bool>,
    #[cynic(rename = "distributedID", skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) distributed_id: Option<String>,
    #[cynic(rename = "clientID")]
    pub(in crate::wandb) client_id: Option<Id>,
    #[cynic(rename = "sequenceClientID")]
    pub(in crate::wandb) sequence_client_id: Option<Id>,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct ArtifactAliasInput {
    pub(in crate::wandb) artifact_collection_name: String,
    pub(in crate::wandb) alias: String,
}

#[derive(cynic::InputObject, Debug, Clone)]
pub(in crate::wandb) struct TagInput {
    pub(in crate::wandb) tag_name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateArtifactVariables")]
pub(in crate::wandb) struct CreateArtifact {
    #[arguments(input: $input)]
    pub(in crate::wandb) create_artifact: Option<CreateArtifactPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct CreateArtifactPayload {
    pub(in crate::wandb) artifact: NewArtifact,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct NewArtifact {
    pub(in crate::wandb) id: Id,
    pub(in crate::wandb) state: ArtifactState,
    pub(in crate::wandb) artifact_sequence: NewSequence,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactSequence")]
pub(in crate::wandb) struct NewSequence {
    pub(in crate::wandb) latest_artifact: Option<LatestArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct LatestArtifact {
    pub(in crate::wandb) id: Id,
}

/// A manifest to create, or whose bytes are known now.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct ManifestVariables {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    #[cynic(rename = "baseArtifactID")]
    pub(in crate::wandb) base_artifact_id: Option<Id>,
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) digest: String,
    pub(in crate::wandb) entity_name: String,
    pub(in crate::wandb) project_name: String,
    pub(in crate::wandb) run_name: String,
    pub(in crate::wandb) manifest_type: ManifestType,
    pub(in crate::wandb) include_upload: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "ManifestVariables")]
pub(in crate::wandb) struct CreateArtifactManifest {
    #[arguments(input: {
        artifactID: $artifact_id,
        baseArtifactID: $base_artifact_id,
        name: $name,
        digest: $digest,
        entityName: $entity_name,
        projectName: $project_name,
        runName: $run_name,
        type: $manifest_type
    })]
    pub(in crate::wandb) create_artifact_manifest: Option<ManifestPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(
    graphql_type = "ArtifactManifestPayload",
    variables = "ManifestVariables"
)]
pub(in crate::wandb) struct ManifestPayload {
    pub(in crate::wandb) artifact_manifest: NewManifest,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifest", variables = "ManifestVariables")]
pub(in crate::wandb) struct NewManifest {
    pub(in crate::wandb) id: Id,
    pub(in crate::wandb) file: NewManifestFile,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ManifestFile", variables = "ManifestVariables")]
pub(in crate::wandb) struct NewManifestFile {
    /// Without a field that is always there, the answer may be null.
    #[cynic(rename = "id")]
    _id: Id,
    #[directives(include(if: $include_upload))]
    pub(in crate::wandb) upload_url: Option<String>,
    #[directives(include(if: $include_upload))]
    pub(in crate::wandb) upload_headers: Option<Vec<String>>,
}

/// A manifest whose bytes are known now, and which is not full.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct ManifestUpdateVariables {
    #[cynic(rename = "artifactManifestID")]
    pub(in crate::wandb) artifact_manifest_id: Id,
    pub(in crate::wandb) digest: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "ManifestUpdateVariables")]
pub(in crate::wandb) struct UpdateArtifactManifest {
    #[arguments(input: { artifactManifestID: $artifact_manifest_id, digest: $digest, baseArtifactID: null })]
    pub(in crate::wandb) update_artifact_manifest: Option<UpdatedManifestPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifestPayload")]
pub(in crate::wandb) struct UpdatedManifestPayload {
    pub(in crate::wandb) artifact_manifest: UpdatedManifest,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifest")]
pub(in crate::wandb) struct UpdatedManifest {
    pub(in crate::wandb) id: Id,
    pub(in crate::wandb) file: UpdatedManifestFile,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ManifestFile")]
pub(in crate::wandb) struct UpdatedManifestFile {
    pub(in crate::wandb) upload_url: Option<String>,
    pub(in crate::wandb) upload_headers: Option<Vec<String>>,
}

/// Files that may have to be sent.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct FilesVariables {
    pub(in crate::wandb) input: CreateArtifactFilesInput,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct CreateArtifactFilesInput {
    pub(in crate::wandb) artifact_files: Vec<CreateArtifactFileSpecInput>,
    pub(in crate::wandb) storage_layout: Option<StorageLayout>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) digest_algorithm: Option<DigestAlgorithmName>,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct CreateArtifactFileSpecInput {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    #[cynic(rename = "artifactManifestID")]
    pub(in crate::wandb) artifact_manifest_id: Option<Id>,
    pub(in crate::wandb) name: String,
    pub(in crate::wandb) md5: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(in crate::wandb) digest: Option<String>,
    pub(in crate::wandb) upload_parts_input: Option<Vec<UploadPartsInput>>,
}

#[derive(cynic::InputObject, Debug)]
pub(in crate::wandb) struct UploadPartsInput {
    pub(in crate::wandb) part_number: Int64,
    #[cynic(rename = "hexMD5")]
    pub(in crate::wandb) hex_md5: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "FilesVariables")]
pub(in crate::wandb) struct CreateArtifactFiles {
    #[arguments(input: $input)]
    pub(in crate::wandb) create_artifact_files: Option<CreateArtifactFilesPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct CreateArtifactFilesPayload {
    pub(in crate::wandb) files: UploadFiles,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileConnection")]
pub(in crate::wandb) struct UploadFiles {
    pub(in crate::wandb) edges: Vec<UploadFileEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileEdge")]
pub(in crate::wandb) struct UploadFileEdge {
    pub(in crate::wandb) node: Option<UploadFile>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
pub(in crate::wandb) struct UploadFile {
    pub(in crate::wandb) storage_path: Option<String>,
    pub(in crate::wandb) upload_url: Option<String>,
    pub(in crate::wandb) upload_headers: Option<Vec<String>>,
    pub(in crate::wandb) upload_multipart_urls: Option<UploadMultipartUrls>,
    pub(in crate::wandb) artifact: Option<FileArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct UploadMultipartUrls {
    #[cynic(rename = "uploadID")]
    pub(in crate::wandb) upload_id: String,
    pub(in crate::wandb) upload_url_parts: Vec<UploadUrlPart>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct UploadUrlPart {
    /// Not used: the URLs come in the order of the parts.
    #[cynic(rename = "partNumber")]
    _part_number: Int64,
    pub(in crate::wandb) upload_url: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(in crate::wandb) struct FileArtifact {
    pub(in crate::wandb) id: Id,
}

/// A large file whose parts are all sent.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct CompletionVariables {
    pub(in crate::wandb) complete_multipart_action: CompleteMultipartAction,
    pub(in crate::wandb) completed_parts: Vec<UploadPartsInput>,
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
    pub(in crate::wandb) storage_path: String,
    #[cynic(rename = "uploadID")]
    pub(in crate::wandb) upload_id: String,
}

impl CompletionVariables {
    pub(in crate::wandb) const ACTION: CompleteMultipartAction = CompleteMultipartAction::Complete;
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CompletionVariables")]
pub(in crate::wandb) struct CompleteMultipartUploadArtifact {
    #[arguments(input: {
        completeMultipartAction: $complete_multipart_action,
        completedParts: $completed_parts,
        artifactID: $artifact_id,
        storagePath: $storage_path,
        uploadID: $upload_id
    })]
    #[cynic(rename = "completeMultipartUploadArtifact")]
    _completed: Option<CompletedUpload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "CompleteMultipartUploadArtifactPayload")]
pub(in crate::wandb) struct CompletedUpload {
    #[cynic(rename = "digest")]
    _digest: Option<String>,
}

/// A version to commit.
#[derive(cynic::QueryVariables, Debug)]
pub(in crate::wandb) struct CommitVariables {
    #[cynic(rename = "artifactID")]
    pub(in crate::wandb) artifact_id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CommitVariables")]
pub(in crate::wandb) struct CommitArtifact {
    #[arguments(input: { artifactID: $artifact_id })]
    pub(in crate::wandb) commit_artifact: Option<CommittedPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactPayload")]
pub(in crate::wandb) struct CommittedPayload {
    pub(in crate::wandb) artifact: Option<CommittedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(in crate::wandb) struct CommittedArtifact {
    pub(in crate::wandb) id: Id,
}
