//! Mutations that create a version: the version, its manifest, its files, and the commit.

use cynic::Id;

use super::scalars::{
    ArtifactState, CompleteMultipartAction, DigestAlgorithmName, Int64, JsonText, ManifestType,
    StorageLayout,
};
use super::schema;

/// Variables: a collection whose type is queried. Source: `ArtifactType`, which the official client sends before it logs.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct TypeVariables {
    pub(crate) entity: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TypeVariables")]
pub(crate) struct ArtifactTypeQuery {
    #[arguments(name: $project, entityName: $entity)]
    pub(crate) project: Option<TypeProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "TypeVariables")]
pub(crate) struct TypeProject {
    #[arguments(name: $name)]
    pub(crate) artifact: Option<TypeArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct TypeArtifact {
    pub(crate) artifact_type: super::ArtifactType,
}

/// Variables: a collection and its type.
#[derive(cynic::QueryVariables, Debug)]
#[expect(clippy::struct_field_names, reason = "the names are the protocol's")]
pub(crate) struct CollectionOfType {
    pub(crate) entity_name: String,
    pub(crate) project_name: String,
    pub(crate) artifact_type_name: String,
    pub(crate) artifact_collection_name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "CollectionOfType")]
pub(crate) struct FetchArtifactDigestAlgorithm {
    #[arguments(name: $project_name, entityName: $entity_name)]
    pub(crate) project: Option<AlgorithmProject>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "CollectionOfType")]
pub(crate) struct AlgorithmProject {
    #[arguments(name: $artifact_type_name)]
    pub(crate) artifact_type: Option<AlgorithmType>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactType", variables = "CollectionOfType")]
pub(crate) struct AlgorithmType {
    #[arguments(name: $artifact_collection_name)]
    pub(crate) artifact_collection: Option<AlgorithmCollection>,
}

#[derive(cynic::InlineFragments, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(crate) enum AlgorithmCollection {
    ArtifactSequence(AlgorithmSequence),
    #[cynic(fallback)]
    Other,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactSequence")]
pub(crate) struct AlgorithmSequence {
    pub(crate) digest_algorithm: Option<DigestAlgorithmName>,
}

/// Variables: a version to create.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct CreateArtifactVariables {
    pub(crate) input: CreateArtifactInput,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateArtifactInput {
    pub(crate) entity_name: String,
    pub(crate) project_name: String,
    pub(crate) artifact_type_name: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_collection_name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_collection_names: Option<Vec<String>>,
    pub(crate) run_name: Option<String>,
    pub(crate) digest: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) digest_algorithm: Option<DigestAlgorithmName>,
    pub(crate) description: Option<String>,
    pub(crate) aliases: Option<Vec<ArtifactAliasInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<TagInput>>,
    pub(crate) metadata: Option<JsonText>,
    pub(crate) ttl_duration_seconds: Option<Int64>,
    pub(crate) enable_digest_deduplication: Option<bool>,
    #[cynic(rename = "distributedID", skip_serializing_if = "Option::is_none")]
    pub(crate) distributed_id: Option<String>,
    #[cynic(rename = "clientID")]
    pub(crate) client_id: Option<Id>,
    #[cynic(rename = "sequenceClientID")]
    pub(crate) sequence_client_id: Option<Id>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct ArtifactAliasInput {
    pub(crate) artifact_collection_name: String,
    pub(crate) alias: String,
}

#[derive(cynic::InputObject, Debug, Clone)]
pub(crate) struct TagInput {
    pub(crate) tag_name: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CreateArtifactVariables")]
pub(crate) struct CreateArtifact {
    #[arguments(input: $input)]
    pub(crate) create_artifact: Option<CreateArtifactPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateArtifactPayload {
    pub(crate) artifact: NewArtifact,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct NewArtifact {
    pub(crate) id: Id,
    pub(crate) state: ArtifactState,
    pub(crate) artifact_sequence: NewSequence,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactSequence")]
pub(crate) struct NewSequence {
    pub(crate) latest_artifact: Option<LatestArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct LatestArtifact {
    pub(crate) id: Id,
}

/// Variables: a manifest to create, with the digest of its file if that is known.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct ManifestVariables {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    #[cynic(rename = "baseArtifactID")]
    pub(crate) base_artifact_id: Option<Id>,
    pub(crate) name: String,
    pub(crate) digest: String,
    pub(crate) entity_name: String,
    pub(crate) project_name: String,
    pub(crate) run_name: String,
    pub(crate) manifest_type: ManifestType,
    pub(crate) include_upload: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "ManifestVariables")]
pub(crate) struct CreateArtifactManifest {
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
    pub(crate) create_artifact_manifest: Option<ManifestPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(
    graphql_type = "ArtifactManifestPayload",
    variables = "ManifestVariables"
)]
pub(crate) struct ManifestPayload {
    pub(crate) artifact_manifest: NewManifest,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifest", variables = "ManifestVariables")]
pub(crate) struct NewManifest {
    pub(crate) id: Id,
    pub(crate) file: NewManifestFile,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ManifestFile", variables = "ManifestVariables")]
pub(crate) struct NewManifestFile {
    /// Without a field that is always selected, the object may be null.
    #[cynic(rename = "id")]
    _id: Id,
    #[directives(include(if: $include_upload))]
    pub(crate) upload_url: Option<String>,
    #[directives(include(if: $include_upload))]
    pub(crate) upload_headers: Option<Vec<String>>,
}

/// Variables: the digest of a patch or incremental manifest's file.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct ManifestUpdateVariables {
    #[cynic(rename = "artifactManifestID")]
    pub(crate) artifact_manifest_id: Id,
    pub(crate) digest: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "ManifestUpdateVariables")]
pub(crate) struct UpdateArtifactManifest {
    #[arguments(input: { artifactManifestID: $artifact_manifest_id, digest: $digest, baseArtifactID: null })]
    pub(crate) update_artifact_manifest: Option<UpdatedManifestPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifestPayload")]
pub(crate) struct UpdatedManifestPayload {
    pub(crate) artifact_manifest: UpdatedManifest,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactManifest")]
pub(crate) struct UpdatedManifest {
    pub(crate) id: Id,
    pub(crate) file: UpdatedManifestFile,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ManifestFile")]
pub(crate) struct UpdatedManifestFile {
    pub(crate) upload_url: Option<String>,
    pub(crate) upload_headers: Option<Vec<String>>,
}

/// Variables: files to upload.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct FilesVariables {
    pub(crate) input: CreateArtifactFilesInput,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateArtifactFilesInput {
    pub(crate) artifact_files: Vec<CreateArtifactFileSpecInput>,
    pub(crate) storage_layout: Option<StorageLayout>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) digest_algorithm: Option<DigestAlgorithmName>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct CreateArtifactFileSpecInput {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    #[cynic(rename = "artifactManifestID")]
    pub(crate) artifact_manifest_id: Option<Id>,
    pub(crate) name: String,
    pub(crate) md5: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    pub(crate) upload_parts_input: Option<Vec<UploadPartsInput>>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct UploadPartsInput {
    pub(crate) part_number: Int64,
    #[cynic(rename = "hexMD5")]
    pub(crate) hex_md5: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "FilesVariables")]
pub(crate) struct CreateArtifactFiles {
    #[arguments(input: $input)]
    pub(crate) create_artifact_files: Option<CreateArtifactFilesPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct CreateArtifactFilesPayload {
    pub(crate) files: UploadFiles,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileConnection")]
pub(crate) struct UploadFiles {
    pub(crate) edges: Vec<UploadFileEdge>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileEdge")]
pub(crate) struct UploadFileEdge {
    pub(crate) node: Option<UploadFile>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
pub(crate) struct UploadFile {
    pub(crate) storage_path: Option<String>,
    pub(crate) upload_url: Option<String>,
    pub(crate) upload_headers: Option<Vec<String>>,
    pub(crate) upload_multipart_urls: Option<UploadMultipartUrls>,
    pub(crate) artifact: Option<FileArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct UploadMultipartUrls {
    #[cynic(rename = "uploadID")]
    pub(crate) upload_id: String,
    pub(crate) upload_url_parts: Vec<UploadUrlPart>,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct UploadUrlPart {
    /// Unused: the URLs are in the order of the parts.
    #[cynic(rename = "partNumber")]
    _part_number: Int64,
    pub(crate) upload_url: String,
}

#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct FileArtifact {
    pub(crate) id: Id,
}

/// Variables: a multipart upload whose parts are all sent.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct CompletionVariables {
    pub(crate) complete_multipart_action: CompleteMultipartAction,
    pub(crate) completed_parts: Vec<UploadPartsInput>,
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
    pub(crate) storage_path: String,
    #[cynic(rename = "uploadID")]
    pub(crate) upload_id: String,
}

impl CompletionVariables {
    pub(crate) const ACTION: CompleteMultipartAction = CompleteMultipartAction::Complete;
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CompletionVariables")]
pub(crate) struct CompleteMultipartUploadArtifact {
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
pub(crate) struct CompletedUpload {
    #[cynic(rename = "digest")]
    _digest: Option<String>,
}

/// Variables: a version to commit.
#[derive(cynic::QueryVariables, Debug)]
pub(crate) struct CommitVariables {
    #[cynic(rename = "artifactID")]
    pub(crate) artifact_id: Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CommitVariables")]
pub(crate) struct CommitArtifact {
    #[arguments(input: { artifactID: $artifact_id })]
    pub(crate) commit_artifact: Option<CommittedPayload>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactPayload")]
pub(crate) struct CommittedPayload {
    pub(crate) artifact: Option<CommittedArtifact>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Artifact")]
pub(crate) struct CommittedArtifact {
    pub(crate) id: Id,
}
