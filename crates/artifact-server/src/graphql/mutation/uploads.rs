//! Mutations that upload the manifests and files of a version.

use artifact_core::ports::{CreateManifest, ManifestId, UploadSpec, UploadTicket};
use artifact_core::records::{ArtifactId, RunAddress};
use artifact_core::{ContentDigest, DigestAlgorithm};
use artifact_store::service::PartSpec;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use crate::graphql::connection::single_page;
use crate::graphql::context::{RequestContext, request_context};
use crate::graphql::enums::{
    ArtifactDigestAlgorithm, ArtifactManifestType, ArtifactStorageLayout, CompleteMultipartAction,
};
use crate::graphql::scalars::Int64;
use crate::graphql::types::{FileConnection, FileNode, ManifestNode, Upload};

/// Mutations of the content of a pending version.
#[derive(Default)]
pub(crate) struct UploadMutations;

/// A manifest to create, or one whose bytes are now known.
#[derive(InputObject)]
pub(crate) struct CreateArtifactManifestInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    #[graphql(name = "baseArtifactID")]
    base_artifact_id: Option<ID>,
    /// Not used: the type determines it.
    name: String,
    /// Empty until the bytes are known.
    digest: String,
    entity_name: Option<String>,
    project_name: Option<String>,
    /// The run that writes the manifest.
    run_name: Option<String>,
    #[graphql(name = "type")]
    kind: Option<ArtifactManifestType>,
    client_mutation_id: Option<String>,
}

/// An existing manifest whose bytes are now known.
#[derive(InputObject)]
pub(crate) struct UpdateArtifactManifestInput {
    #[graphql(name = "artifactManifestID")]
    artifact_manifest_id: ID,
    digest: Option<String>,
    #[graphql(name = "baseArtifactID")]
    /// Not used: set when the manifest was created.
    base_artifact_id: Option<ID>,
    client_mutation_id: Option<String>,
}

/// The manifest.
#[derive(SimpleObject)]
pub(crate) struct ManifestPayload {
    artifact_manifest: ManifestNode,
}

/// Files that a client may have to upload.
#[derive(InputObject)]
pub(crate) struct CreateArtifactFilesInput {
    artifact_files: Vec<CreateArtifactFileSpecInput>,
    /// Not used: every layout is stored the same way.
    storage_layout: Option<ArtifactStorageLayout>,
    digest_algorithm: Option<ArtifactDigestAlgorithm>,
    #[graphql(name = "cloudRegionID")]
    cloud_region_id: Option<ID>,
    client_mutation_id: Option<String>,
}

/// A file that a client may have to upload.
#[derive(InputObject)]
pub(crate) struct CreateArtifactFileSpecInput {
    #[graphql(name = "artifactID")]
    artifact_id: ID,
    #[graphql(name = "artifactManifestID")]
    artifact_manifest_id: Option<ID>,
    name: String,
    md5: String,
    digest: Option<String>,
    /// Not used: derived from the name.
    mimetype: Option<String>,
    upload_parts_input: Option<Vec<UploadPartsInput>>,
}

/// A part of a large file.
#[derive(InputObject)]
pub(crate) struct UploadPartsInput {
    part_number: Int64,
    /// The MD5 in hexadecimal. On completion, the `ETag` of the part with its quotes.
    #[graphql(name = "hexMD5")]
    hex_md5: String,
}

/// The files with their upload URLs.
#[derive(SimpleObject)]
pub(crate) struct CreateArtifactFilesPayload {
    files: FileConnection,
}

/// A multipart upload whose parts have all been sent.
#[derive(InputObject)]
pub(crate) struct CompleteMultipartUploadArtifactInput {
    /// Not used: there is only one action.
    complete_multipart_action: CompleteMultipartAction,
    completed_parts: Vec<UploadPartsInput>,
    #[graphql(name = "artifactID")]
    /// Not used: the upload ID determines it.
    artifact_id: ID,
    /// Not used: the upload ID determines it.
    storage_path: String,
    #[graphql(name = "uploadID")]
    upload_id: String,
    client_mutation_id: Option<String>,
}

/// The digest of the whole file.
#[derive(SimpleObject)]
pub(crate) struct CompleteMultipartUploadArtifactPayload {
    digest: Option<String>,
}

impl CreateArtifactFileSpecInput {
    fn spec(&self, algorithm: DigestAlgorithm) -> Result<UploadSpec> {
        let digest = match (&self.digest, algorithm) {
            (Some(digest), algorithm) if !digest.is_empty() => {
                ContentDigest::from_base64(algorithm, digest)?
            }
            _ => ContentDigest::from_base64(DigestAlgorithm::Md5, &self.md5)?,
        };
        Ok(UploadSpec {
            path: self.name.parse()?,
            digest,
            size: None,
            md5: None,
            part_md5s: Vec::new(),
            stored_as: None,
        })
    }

    fn upload(&self, request: &RequestContext, ticket: UploadTicket) -> Result<Upload> {
        let parts = match &self.upload_parts_input {
            None => None,
            Some(parts) if parts.is_empty() => None,
            Some(parts) => {
                let specs = part_specs(parts)?;
                let begun = request.service.begin_parts(&ticket, &specs)?;
                let numbers = specs.iter().map(|part| part.number);
                Some((begun.id, numbers.zip(begun.tickets).collect()))
            }
        };
        Ok(Upload {
            whole: ticket,
            parts,
        })
    }
}

fn part_specs(parts: &[UploadPartsInput]) -> Result<Vec<PartSpec>> {
    let spec = |part: &UploadPartsInput| {
        Ok(PartSpec {
            number: u32::try_from(part.part_number.0)
                .map_err(|_| format!("{} is no part number", part.part_number.0))?,
            md5: md5_of_hex(part.hex_md5.trim_matches('"'))?,
        })
    };
    parts.iter().map(spec).collect()
}

fn md5_of_hex(text: &str) -> Result<ContentDigest> {
    let wrong = || format!("`{text}` is not an MD5 in hexadecimal");
    if text.len() != 32 || !text.is_ascii() {
        return Err(wrong().into());
    }
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| wrong())?;
    }
    Ok(ContentDigest::new(DigestAlgorithm::Md5, bytes))
}

fn manifest_digest(text: Option<&str>) -> Result<Option<ContentDigest>> {
    let text = text.filter(|text| !text.is_empty());
    let digest = text.map(|text| ContentDigest::from_base64(DigestAlgorithm::Md5, text));
    Ok(digest.transpose()?)
}

#[Object]
impl UploadMutations {
    async fn create_artifact_manifest(
        &self,
        context: &Context<'_>,
        input: CreateArtifactManifestInput,
    ) -> Result<ManifestPayload> {
        let request = request_context(context);
        let (entity, project) = (input.entity_name.as_deref(), input.project_name.as_deref());
        let run = input.run_name.filter(|run| !run.is_empty());
        let run = run.map(|run| -> Result<RunAddress> {
            let project = request.checked_project(entity, project)?;
            Ok(RunAddress {
                project,
                id: run.parse()?,
            })
        });
        let manifest = CreateManifest {
            artifact: ArtifactId(input.artifact_id.0),
            base: input.base_artifact_id.map(|id| ArtifactId(id.0)),
            kind: input.kind.unwrap_or(ArtifactManifestType::Full).into(),
            run: run.transpose()?,
            upload: manifest_digest(Some(&input.digest))?,
        };
        let receipt = request.service.create_manifest(&manifest)?;
        Ok(ManifestPayload {
            artifact_manifest: ManifestNode::written(receipt),
        })
    }

    async fn update_artifact_manifest(
        &self,
        context: &Context<'_>,
        input: UpdateArtifactManifestInput,
    ) -> Result<ManifestPayload> {
        let digest = manifest_digest(input.digest.as_deref())?;
        let digest = digest.ok_or("the digest of the manifest's bytes is needed")?;
        let id = ManifestId(input.artifact_manifest_id.0);
        let receipt = request_context(context)
            .service
            .update_manifest(&id, digest)?;
        Ok(ManifestPayload {
            artifact_manifest: ManifestNode::written(receipt),
        })
    }

    /// Returns one edge per file, in the order of the request.
    async fn create_artifact_files(
        &self,
        context: &Context<'_>,
        input: CreateArtifactFilesInput,
    ) -> Result<CreateArtifactFilesPayload> {
        let request = request_context(context);
        let nothing = CreateArtifactFilesPayload {
            files: FileConnection::of(single_page(Vec::new()), |file: FileNode| file),
        };
        let Some(first) = input.artifact_files.first() else {
            return Ok(nothing);
        };
        let of_first = |file: &CreateArtifactFileSpecInput| {
            file.artifact_id == first.artifact_id
                && file.artifact_manifest_id == first.artifact_manifest_id
        };
        if !input.artifact_files.iter().all(of_first) {
            return Err(
                "all files of a request must belong to one artifact and one manifest".into(),
            );
        }
        let id = ArtifactId(first.artifact_id.0.clone());
        let manifest = first
            .artifact_manifest_id
            .as_ref()
            .map(|id| ManifestId(id.0.clone()));
        let version = request.service.version_to_write(&id)?;
        let algorithm = input
            .digest_algorithm
            .map_or(version.algorithm, DigestAlgorithm::from);
        let files = &input.artifact_files;
        let specs: Result<Vec<_>> = files.iter().map(|file| file.spec(algorithm)).collect();
        let specs = specs?;
        let grants = request
            .service
            .request_uploads(&id, manifest.as_ref(), &specs)?;
        let nodes = files
            .iter()
            .zip(specs)
            .zip(grants)
            .map(|((file, spec), grant)| {
                let upload = grant
                    .ticket
                    .map(|ticket| file.upload(request, ticket))
                    .transpose()?;
                let birth = grant.birth_artifact;
                Ok(FileNode::pending(
                    &version,
                    spec.path,
                    spec.digest.into(),
                    birth,
                    upload,
                ))
            });
        let nodes: Result<Vec<FileNode>> = nodes.collect();
        Ok(CreateArtifactFilesPayload {
            files: FileConnection::of(single_page(nodes?), |file| file),
        })
    }

    async fn complete_multipart_upload_artifact(
        &self,
        context: &Context<'_>,
        input: CompleteMultipartUploadArtifactInput,
    ) -> Result<Option<CompleteMultipartUploadArtifactPayload>> {
        let parts = part_specs(&input.completed_parts)?;
        let digest = request_context(context)
            .service
            .finish_parts(&input.upload_id, &parts)?;
        Ok(Some(CompleteMultipartUploadArtifactPayload {
            digest: Some(digest.to_string()),
        }))
    }
}
