//! Upload and download tickets. Source: sections 2.4, 3.3, 4 and 7.1 of the wire protocol.

use std::collections::HashMap;
use std::fmt::Write as _;

use artifact_core::ports::{
    DownloadRequest, DownloadSpec, DownloadTicket, ManifestId, RegistryError, UploadGrant,
    UploadNeeds, UploadSpec,
};
use artifact_core::records::{ArtifactId, ArtifactState};
use artifact_core::{ContentDigest, DigestAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cynic::{Id, MutationBuilder as _, Operation, QueryBuilder as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::explain;
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    ArtifactFileURLsByManifestEntries, ArtifactManifestEntryInput, CreateArtifactFileSpecInput,
    CreateArtifactFiles, CreateArtifactFilesInput, EntriesVariables, FilesVariables, GraphQlError,
    Int64, StorageLayout, UploadFile, UploadPartsInput,
};
use crate::server::Features;
use crate::transfer::locators::{DownloadLocator, MultipartLocator, UploadLocator};

/// Files of at least this length are uploaded in parts.
const MULTIPART_THRESHOLD: u64 = 2 << 30;

/// Maximum parts of a file.
const MAX_PARTS: u64 = 10_000;

/// The length of a part, unless that makes too many parts.
const MIN_PART_SIZE: u64 = 100 << 20;

/// The lengths of longer parts are multiples of this.
const PART_UNIT: u64 = 4096;

/// The region of content without one.
const DEFAULT_REGION: &str = "default";

/// Returns the digests that the server needs of a file with this size.
pub(crate) fn needs(size: u64) -> UploadNeeds {
    UploadNeeds {
        md5: true,
        part_size: (MULTIPART_THRESHOLD <= size).then(|| part_size(size)),
    }
}

fn part_size(size: u64) -> u64 {
    if size < MIN_PART_SIZE * MAX_PARTS {
        return MIN_PART_SIZE;
    }
    size.div_ceil(MAX_PARTS).next_multiple_of(PART_UNIT)
}

/// Requests tickets for the files that the server does not have.
pub(crate) async fn uploads(
    server: &Wandb,
    artifact: &ArtifactId,
    manifest: &ManifestId,
    specs: Vec<UploadSpec>,
) -> Result<Vec<UploadGrant>, RegistryError> {
    const OPERATION: &str = "requesting upload URLs";
    let knows_algorithms = server.features().await.contains(Features::DIGEST_ALGORITHM);
    let algorithm = specs
        .first()
        .map_or_else(DigestAlgorithm::default, |spec| spec.digest.algorithm());
    let mut inputs = Vec::with_capacity(specs.len());
    for spec in &specs {
        inputs.push(input(artifact, manifest, spec, knows_algorithms)?);
    }
    let operation = CreateArtifactFiles::build(FilesVariables {
        input: CreateArtifactFilesInput {
            artifact_files: inputs,
            storage_layout: Some(StorageLayout::V2),
            digest_algorithm: knows_algorithms.then(|| records::algorithm_name(algorithm)),
        },
    });
    let payload = match server.graphql.execute(operation).await {
        Ok(response) => response.create_artifact_files,
        Err(error) => {
            let error = server.failed(OPERATION, error);
            return Err(explain(server, artifact, ArtifactState::Pending, error).await);
        }
    };
    let edges = payload.map_or_else(Vec::new, |payload| payload.files.edges);
    let files: Vec<_> = edges.into_iter().filter_map(|edge| edge.node).collect();
    if files.len() != specs.len() {
        return Err(server.protocol_error(
            OPERATION,
            format!(
                "{} files were requested, the response has {}",
                specs.len(),
                files.len()
            ),
        ));
    }
    let grants = files.into_iter().zip(&specs);
    Ok(grants
        .map(|(file, spec)| grant(artifact, file, spec))
        .collect())
}

fn input(
    artifact: &ArtifactId,
    manifest: &ManifestId,
    spec: &UploadSpec,
    knows_algorithms: bool,
) -> Result<CreateArtifactFileSpecInput, RegistryError> {
    let ((ContentDigest::Md5(md5), _) | (_, Some(md5))) = (spec.digest, spec.md5) else {
        return Err(RegistryError::Rejected {
            what: format!("the server needs the MD5 of {}", spec.path),
        });
    };
    let parts = spec.part_md5s.iter().zip(1..);
    let parts: Vec<_> = parts
        .map(|(md5, number)| UploadPartsInput {
            part_number: Int64(number),
            hex_md5: hex(md5),
        })
        .collect();
    Ok(CreateArtifactFileSpecInput {
        artifact_id: Id::new(artifact.0.clone()),
        artifact_manifest_id: Some(Id::new(manifest.0.clone())),
        name: spec.path.to_string(),
        md5: BASE64.encode(md5),
        digest: knows_algorithms.then(|| spec.digest.to_string()),
        upload_parts_input: (!parts.is_empty()).then_some(parts),
    })
}

fn grant(artifact: &ArtifactId, file: UploadFile, spec: &UploadSpec) -> UploadGrant {
    let birth = file.artifact.map(|birth| birth.id.into_inner());
    let birth = birth.unwrap_or_else(|| artifact.0.clone());
    let headers = headers(file.upload_headers);
    // Without a URL, the server has the content. Checked before the parts, as in the official client.
    let url = file.upload_url.filter(|url| !url.is_empty());
    let place = url.map(|url| match (file.upload_multipart_urls, spec.size) {
        (Some(parts), Some(size)) if !spec.part_md5s.is_empty() => {
            UploadLocator::Parts(MultipartLocator {
                urls: parts
                    .upload_url_parts
                    .into_iter()
                    .map(|part| part.upload_url)
                    .collect(),
                md5s: spec.part_md5s.clone(),
                part_size: part_size(size),
                size,
                artifact: birth.clone(),
                storage_path: file.storage_path.unwrap_or_default(),
                upload: parts.upload_id,
            })
        }
        _ => UploadLocator::Whole { url },
    });
    UploadGrant {
        birth_artifact: ArtifactId(birth),
        ticket: place.map(|place| place.ticket(headers)),
    }
}

/// Parses headers of the form `Key:Value`; texts without a colon are ignored.
pub(crate) fn headers(texts: Option<Vec<String>>) -> Vec<(String, String)> {
    let texts = texts.unwrap_or_default();
    let pairs = texts.iter().filter_map(|text| text.split_once(':'));
    pairs
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Requests download tickets for entries of a version.
pub(crate) async fn downloads(
    server: &Wandb,
    request: &DownloadRequest,
) -> Result<Vec<DownloadTicket>, RegistryError> {
    let features = server.features().await;
    let response = server.graphql.execute(urls_of(request)).await;
    tickets(server, request, &features, response)
}

/// As [`downloads`], for several versions in batches.
pub(crate) async fn downloads_of_each(
    server: &Wandb,
    requests: &[DownloadRequest],
) -> Vec<Result<Vec<DownloadTicket>, RegistryError>> {
    let features = server.features().await;
    let operations = requests.iter().map(urls_of).collect();
    let responses = server.graphql.execute_batch(operations).await;
    requests
        .iter()
        .zip(responses)
        .map(|(request, response)| tickets(server, request, &features, response))
        .collect()
}

fn urls_of(
    request: &DownloadRequest,
) -> Operation<ArtifactFileURLsByManifestEntries, EntriesVariables> {
    let entry = |spec: &DownloadSpec| ArtifactManifestEntryInput {
        name: spec.path.to_string(),
        digest: spec.digest.to_string(),
        birth_artifact_id: spec.birth_artifact.as_ref().map(ToString::to_string),
        size: spec
            .size
            .and_then(|size| i64::try_from(size).ok())
            .map(Int64),
    };
    ArtifactFileURLsByManifestEntries::build(EntriesVariables {
        id: Id::new(request.artifact.0.clone()),
        entries: Some(request.entries.iter().map(entry).collect()),
        storage_layout: "V2".to_owned(),
        manifest_version: "1".to_owned(),
        first: i32::try_from(request.entries.len()).unwrap_or(i32::MAX),
    })
}

fn tickets(
    server: &Wandb,
    request: &DownloadRequest,
    features: &Features,
    response: Result<ArtifactFileURLsByManifestEntries, GraphQlError>,
) -> Result<Vec<DownloadTicket>, RegistryError> {
    const OPERATION: &str = "requesting download URLs";
    let response = response.map_err(|error| server.failed(OPERATION, error))?;
    let files = response
        .artifact
        .ok_or_else(|| RegistryError::NoArtifact {
            lookup: request.artifact.to_string(),
            location: server.location.to_string(),
            similar: Vec::new(),
        })?
        .files_by_manifest_entries;
    let edges = files.map_or_else(Vec::new, |files| files.edges);
    let nodes = edges.into_iter().filter_map(|edge| edge.node);
    let mut urls: HashMap<String, String> =
        nodes.map(|file| (file.name, file.direct_url)).collect();
    let tickets = request.entries.iter().map(|spec| {
        let url = urls.remove(spec.path.as_str());
        let url = url.ok_or_else(|| RegistryError::Rejected {
            what: format!("{} has no entry {}", request.artifact, spec.path),
        })?;
        let place = DownloadLocator {
            url,
            fallback: Some(fallback(request, spec, features)),
        };
        Ok(place.ticket())
    });
    tickets.collect()
}

/// Returns the path below the base URL that serves an entry to requests with credentials. Source: section 7.1 of the wire
/// protocol.
fn fallback(request: &DownloadRequest, spec: &DownloadSpec, features: &Features) -> String {
    let mut path = format!(
        "artifactsV2/{DEFAULT_REGION}/{}/{}/{}/",
        encode_segment(request.project.entity.as_str()),
        encode_segment(request.project.project.as_str()),
        encode_segment(request.name.as_str()),
    );
    if features.contains(Features::ARTIFACT_IN_DOWNLOAD_PATH) {
        path.push_str(&encode_segment(&request.artifact.0));
        path.push('/');
    }
    let birth = spec.birth_artifact.as_deref().unwrap_or_default();
    _ = write!(
        path,
        "{}/{}/{}",
        encode_segment(birth),
        hex(spec.digest.bytes()),
        encode_segment(spec.path.file_name())
    );
    path
}

/// Encodes a text as one segment of a URL's path.
pub(crate) fn encode_segment(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, KEPT).to_string()
}

fn hex(bytes: &[u8; 16]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_sizes_are_those_of_the_protocol() {
        assert_eq!(needs(MULTIPART_THRESHOLD - 1).part_size, None);
        assert_eq!(needs(MULTIPART_THRESHOLD).part_size, Some(MIN_PART_SIZE));
        let largest = 5 << 40;
        let part = part_size(largest);
        assert_eq!(part % PART_UNIT, 0);
        assert!(largest.div_ceil(part) <= MAX_PARTS);
    }

    #[test]
    fn headers_are_split_at_the_first_colon() {
        let texts = ["Content-MD5: a==", "X-Time:12:30", "nonsense"];
        let texts = texts.map(str::to_owned).to_vec();
        let expected = [("Content-MD5", "a=="), ("X-Time", "12:30")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(headers(Some(texts)), expected);
    }
}
