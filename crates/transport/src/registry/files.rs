//! Asking where files go and where they are. Source: sections 2.4, 3.3, 4 and 7.1 of the wire protocol.

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

use super::explained;
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    ArtifactFileURLsByManifestEntries, ArtifactManifestEntryInput, CreateArtifactFileSpecInput,
    CreateArtifactFiles, CreateArtifactFilesInput, EntriesVariables, FilesVariables, Int64,
    StorageLayout, Unanswered, UploadFile, UploadPartsInput,
};
use crate::server::Features;
use crate::transfer::locators::{DownloadPlace, PartsPlace, UploadPlace};

/// From this length on a file is sent in parts.
const SMALLEST_IN_PARTS: u64 = 2 << 30;

/// The most parts of a file.
const MOST_PARTS: u64 = 10_000;

/// The length of a part, unless there would be too many.
const PART: u64 = 100 << 20;

/// What the length of a longer part is a multiple of.
const PART_UNIT: u64 = 4096;

/// The region of content that names none.
const DEFAULT_REGION: &str = "default";

/// Returns what the server must know of a file beside its digest.
pub(crate) fn needs(size: u64) -> UploadNeeds {
    UploadNeeds {
        md5: true,
        part_size: (SMALLEST_IN_PARTS <= size).then(|| part_size(size)),
    }
}

fn part_size(size: u64) -> u64 {
    if size < PART * MOST_PARTS {
        return PART;
    }
    size.div_ceil(MOST_PARTS).next_multiple_of(PART_UNIT)
}

/// Asks which files must be sent, and where.
pub(crate) async fn uploads(
    server: &Wandb,
    artifact: &ArtifactId,
    manifest: &ManifestId,
    specs: Vec<UploadSpec>,
) -> Result<Vec<UploadGrant>, RegistryError> {
    const ASKING: &str = "asking where to send files";
    let knows_algorithms = server.features().await.have(Features::DIGEST_ALGORITHM);
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
    let payload = match server.graph.ask(operation).await {
        Ok(answer) => answer.create_artifact_files,
        Err(error) => {
            let error = server.failed(ASKING, error);
            return Err(explained(server, artifact, ArtifactState::Pending, error).await);
        }
    };
    let edges = payload.map_or_else(Vec::new, |payload| payload.files.edges);
    let files: Vec<_> = edges.into_iter().filter_map(|edge| edge.node).collect();
    if files.len() != specs.len() {
        return Err(server.nonsense(
            ASKING,
            format!(
                "{} files were asked about, {} are answered",
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
            what: format!("the server has to know the MD5 of {}", spec.path),
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
    // No URL: the server has the content. Checked before the parts, as the official client does.
    let url = file.upload_url.filter(|url| !url.is_empty());
    let place = url.map(|url| match (file.upload_multipart_urls, spec.size) {
        (Some(parts), Some(size)) if !spec.part_md5s.is_empty() => UploadPlace::Parts(PartsPlace {
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
        }),
        _ => UploadPlace::Whole { url },
    });
    UploadGrant {
        birth_artifact: ArtifactId(birth),
        ticket: place.map(|place| place.ticket(headers)),
    }
}

/// Reads headers of the form `Key:Value`; what has no colon is none.
pub(crate) fn headers(texts: Option<Vec<String>>) -> Vec<(String, String)> {
    let texts = texts.unwrap_or_default();
    let pairs = texts.iter().filter_map(|text| text.split_once(':'));
    pairs
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Asks where the content of entries is.
pub(crate) async fn downloads(
    server: &Wandb,
    request: &DownloadRequest,
) -> Result<Vec<DownloadTicket>, RegistryError> {
    let features = server.features().await;
    let answer = server.graph.ask(urls_of(request)).await;
    tickets(server, request, &features, answer)
}

/// As [`downloads`], of entries of several versions, with few questions.
pub(crate) async fn downloads_of_each(
    server: &Wandb,
    requests: &[DownloadRequest],
) -> Vec<Result<Vec<DownloadTicket>, RegistryError>> {
    let features = server.features().await;
    let questions = requests.iter().map(urls_of).collect();
    let answers = server.graph.ask_many(questions).await;
    requests
        .iter()
        .zip(answers)
        .map(|(request, answer)| tickets(server, request, &features, answer))
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
    answer: Result<ArtifactFileURLsByManifestEntries, Unanswered>,
) -> Result<Vec<DownloadTicket>, RegistryError> {
    const ASKING: &str = "asking where files are";
    let answer = answer.map_err(|error| server.failed(ASKING, error))?;
    let files = answer
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
        let place = DownloadPlace {
            url,
            fallback: Some(fallback(request, spec, features)),
        };
        Ok(place.ticket())
    });
    tickets.collect()
}

/// Returns the path, below the base URL, at which an entry can be had with credentials. Source: section 7.1 of the wire
/// protocol.
fn fallback(request: &DownloadRequest, spec: &DownloadSpec, features: &Features) -> String {
    let mut path = format!(
        "artifactsV2/{DEFAULT_REGION}/{}/{}/{}/",
        encoded(request.project.entity.as_str()),
        encoded(request.project.project.as_str()),
        encoded(request.name.as_str()),
    );
    if features.have(Features::ARTIFACT_IN_DOWNLOAD_PATH) {
        path.push_str(&encoded(&request.artifact.0));
        path.push('/');
    }
    let birth = spec.birth_artifact.as_deref().unwrap_or_default();
    _ = write!(
        path,
        "{}/{}/{}",
        encoded(birth),
        hex(spec.digest.bytes()),
        encoded(spec.path.file_name())
    );
    path
}

/// Returns a text as one part of a URL's path.
pub(crate) fn encoded(text: &str) -> String {
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
    fn parts_are_as_long_as_the_protocol_says() {
        assert_eq!(needs(SMALLEST_IN_PARTS - 1).part_size, None);
        assert_eq!(needs(SMALLEST_IN_PARTS).part_size, Some(PART));
        let largest = 5 << 40;
        let part = part_size(largest);
        assert_eq!(part % PART_UNIT, 0);
        assert!(largest.div_ceil(part) <= MOST_PARTS);
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
