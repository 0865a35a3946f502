//! What is written of a version: a checksum, and behind it the key and a JSON object.

use artifact_core::ports::{ArtifactId, ArtifactRecord};
use artifact_core::{
    Alias, ArtifactName, ArtifactType, ContentDigest, DigestAlgorithm, EntityName, Metadata,
    ProjectAddress, ProjectName, Tag, Timestamp, Ttl, VersionIndex,
};
use manifest::ContentHasher;
use serde::{Deserialize, Serialize};

use super::{Known, Pointer};

/// Begins every file; another version of the format is read as nothing.
const MAGIC: &str = "wandb-rs version 1";

/// Returns the bytes of a file that holds `body` for `key`.
pub(super) fn sealed(body: &[u8], key: &str) -> Vec<u8> {
    let inner = [MAGIC.as_bytes(), key.as_bytes(), body].join(&b'\n');
    let check = ContentHasher::digest(DigestAlgorithm::Xxh128, &inner).to_string();
    [check.as_bytes(), &inner].join(&b'\n')
}

/// Returns the body of a file, where it is whole and was written for `key`.
pub(super) fn opened(bytes: &[u8], key: &str) -> Option<Vec<u8>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (check, inner) = (&bytes[..end], &bytes[end + 1..]);
    let found = ContentHasher::digest(DigestAlgorithm::Xxh128, inner).to_string();
    if found.as_bytes() != check {
        return None;
    }
    let rest = inner.strip_prefix(MAGIC.as_bytes())?.strip_prefix(b"\n")?;
    let body = rest.strip_prefix(key.as_bytes())?.strip_prefix(b"\n")?;
    Some(body.to_vec())
}

/// Which version an address means, as it is written.
#[derive(Serialize, Deserialize)]
struct WrittenPointer {
    id: String,
    version: VersionIndex,
    said_at: Timestamp,
}

pub(super) fn of_pointer(pointer: Pointer) -> Vec<u8> {
    let pointer = WrittenPointer {
        id: pointer.id.0,
        version: pointer.version,
        said_at: pointer.said_at,
    };
    serde_json::to_vec(&pointer).expect("texts and numbers are JSON")
}

pub(super) fn pointer(body: &[u8]) -> Option<Pointer> {
    let pointer: WrittenPointer = serde_json::from_slice(body).ok()?;
    Some(Pointer {
        id: ArtifactId(pointer.id),
        version: pointer.version,
        said_at: pointer.said_at,
    })
}

/// A version, as it is written.
#[derive(Serialize, Deserialize)]
struct Version {
    id: String,
    entity: EntityName,
    project: ProjectName,
    name: ArtifactName,
    index: VersionIndex,
    artifact_type: ArtifactType,
    digest: String,
    algorithm: String,
    description: Option<String>,
    metadata: Metadata,
    ttl: i64,
    aliases: Vec<Alias>,
    tags: Vec<Tag>,
    size: u64,
    file_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    manifest_algorithm: String,
    manifest: String,
    said_at: Timestamp,
}

pub(super) fn of_known(known: &Known) -> Vec<u8> {
    let record = known.record.clone();
    let version = Version {
        id: record.id.0,
        entity: record.project.entity,
        project: record.project.project,
        name: record.name,
        index: record.version,
        artifact_type: record.artifact_type,
        digest: record.digest.to_string(),
        algorithm: record.algorithm.as_str().to_owned(),
        description: record.description,
        metadata: record.metadata,
        ttl: record.ttl.to_wire(),
        aliases: record.aliases,
        tags: record.tags,
        size: record.size,
        file_count: record.file_count,
        created_at: record.created_at,
        updated_at: record.updated_at,
        manifest_algorithm: known.manifest.algorithm().as_str().to_owned(),
        manifest: known.manifest.to_string(),
        said_at: known.said_at,
    };
    serde_json::to_vec(&version).expect("texts, numbers and JSON are JSON")
}

pub(super) fn known(body: &[u8]) -> Option<Known> {
    let version: Version = serde_json::from_slice(body).ok()?;
    let algorithm = version.manifest_algorithm.parse().ok()?;
    Some(Known {
        manifest: ContentDigest::from_base64(algorithm, &version.manifest).ok()?,
        said_at: version.said_at,
        record: ArtifactRecord {
            id: ArtifactId(version.id),
            project: ProjectAddress {
                entity: version.entity,
                project: version.project,
            },
            name: version.name,
            version: version.index,
            artifact_type: version.artifact_type,
            digest: version.digest.parse().ok()?,
            algorithm: version.algorithm.parse().ok()?,
            description: version.description,
            metadata: version.metadata,
            ttl: Ttl::from_wire(version.ttl).ok()?,
            aliases: version.aliases,
            tags: version.tags,
            size: version.size,
            file_count: version.file_count,
            created_at: version.created_at,
            updated_at: version.updated_at,
        },
    })
}
