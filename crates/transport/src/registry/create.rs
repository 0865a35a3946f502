//! Creation of versions. Source: sections 2.4 and 3 of the wire protocol.

use artifact_core::ports::{
    ArtifactRecord, CreateArtifact, CreateManifest, CreatedArtifact, ManifestId, ManifestKind,
    ManifestReceipt, RegistryError, TypeConflict,
};
use artifact_core::records::{ArtifactId, ArtifactState, RunAddress};
use artifact_core::{
    Alias, ArtifactName, ArtifactType, ContentDigest, DigestAlgorithm, ProjectAddress, Ttl,
};
use cynic::{Id, MutationBuilder as _, QueryBuilder as _};

use super::files;
use super::{lookup, runs};
use crate::Wandb;
use crate::graphql::records;
use crate::graphql::{
    self, AlgorithmCollection, ArtifactAliasInput, ArtifactTypeQuery, CollectionOfType,
    CommitArtifact, CommitVariables, CreateArtifactInput, CreateArtifactManifest,
    CreateArtifactVariables, DigestAlgorithmName, EntityName, FetchArtifactDigestAlgorithm,
    GraphQlError, Int64, JsonText, ManifestType, ManifestUpdateVariables, ManifestVariables,
    TagInput, TypeVariables, UpdateArtifactManifest, XXHashDigestsEnabled,
};
use crate::server::Features;
use crate::transfer::locators::UploadLocator;

/// The length of client ids, which name objects that have no server id yet.
const CLIENT_ID_LENGTH: usize = 128;

/// Returns the digest algorithm for a new version: XXH128 if server, entity and collection support it. Source:
/// section 3.4 of the wire protocol.
pub(super) async fn algorithm(
    server: &Wandb,
    project: &ProjectAddress,
    artifact_type: &ArtifactType,
    name: &ArtifactName,
    wanted: DigestAlgorithm,
) -> Result<DigestAlgorithm, RegistryError> {
    const OPERATION: &str = "reading the digest algorithm";
    if wanted == DigestAlgorithm::Md5
        || !server.features().await.contains(Features::DIGEST_ALGORITHM)
    {
        return Ok(DigestAlgorithm::Md5);
    }
    let operation = XXHashDigestsEnabled::build(EntityName {
        entity_name: project.entity.to_string(),
    });
    let response = server.graphql.execute(operation).await;
    let response = response.map_err(|error| server.failed(OPERATION, error))?;
    if response
        .entity
        .and_then(|entity| entity.xxhash_digests_enabled)
        != Some(true)
    {
        return Ok(DigestAlgorithm::Md5);
    }
    let operation = FetchArtifactDigestAlgorithm::build(CollectionOfType {
        entity_name: project.entity.to_string(),
        project_name: project.project.to_string(),
        artifact_type_name: artifact_type.to_string(),
        artifact_collection_name: name.to_string(),
    });
    let response = server.graphql.execute(operation).await;
    let collection = response
        .map_err(|error| server.failed(OPERATION, error))?
        .project
        .and_then(|project| project.artifact_type)
        .and_then(|artifact_type| artifact_type.artifact_collection);
    match collection {
        Some(AlgorithmCollection::ArtifactSequence(sequence))
            if sequence.digest_algorithm == Some(DigestAlgorithmName::Md5) =>
        {
            Ok(DigestAlgorithm::Md5)
        }
        _ => Ok(wanted),
    }
}

/// Creates a version, or returns the committed one with the same digest.
pub(super) async fn artifact(
    server: &Wandb,
    request: CreateArtifact,
) -> Result<CreatedArtifact, RegistryError> {
    const OPERATION: &str = "creating an artifact";
    check_type(server, &request).await?;
    let knows_algorithms = server.features().await.contains(Features::DIGEST_ALGORITHM);
    let operation = graphql::CreateArtifact::build(CreateArtifactVariables {
        input: input(&request, knows_algorithms),
    });
    let created = match server.graphql.execute(operation).await {
        Ok(response) => response.create_artifact,
        Err(error) => return Err(refused(server, &request, server.failed(OPERATION, error)).await),
    };
    let created = created
        .ok_or_else(|| server.protocol_error(OPERATION, "the response has no version"))?
        .artifact;
    let id = ArtifactId(created.id.into_inner());
    let state = match created.state {
        graphql::ArtifactState::Committed => ArtifactState::Committed,
        // Older servers report a new version as deleted.
        graphql::ArtifactState::Pending | graphql::ArtifactState::Deleted => ArtifactState::Pending,
        graphql::ArtifactState::Other => {
            return Err(server.protocol_error(OPERATION, "the new version is in an unknown state"));
        }
    };
    if state == ArtifactState::Pending {
        server.remember_pending(id.clone(), request.project);
    }
    let latest = created.artifact_sequence.latest_artifact;
    Ok(CreatedArtifact {
        id,
        state,
        latest: latest.map(|latest| ArtifactId(latest.id.into_inner())),
    })
}

/// Checks that the collection does not have another type. The server may not check, so the official client does, too.
async fn check_type(server: &Wandb, request: &CreateArtifact) -> Result<(), RegistryError> {
    let operation = ArtifactTypeQuery::build(TypeVariables {
        entity: Some(request.project.entity.to_string()),
        project: Some(request.project.project.to_string()),
        name: format!("{}:{}", request.name, Alias::latest()),
    });
    let response = match server.graphql.execute(operation).await {
        Ok(response) => response,
        // Treated as unknown; if the server has a problem, the next request shows it.
        Err(graphql::GraphQlError::Rejected(_)) => return Ok(()),
        Err(error) => return Err(server.failed("reading the artifact's type", error)),
    };
    let existing = response
        .project
        .and_then(|project| project.artifact)
        .map(|artifact| artifact.artifact_type.name);
    let Some(Ok(existing)) = existing.map(|name| name.parse::<ArtifactType>()) else {
        return Ok(());
    };
    if existing == request.artifact_type {
        return Ok(());
    }
    Err(RegistryError::TypeConflict(Box::new(TypeConflict {
        project: request.project.clone(),
        name: request.name.clone(),
        existing,
        wanted: request.artifact_type.clone(),
    })))
}

/// Returns why a version was rejected: the server's message does not always tell.
async fn refused(server: &Wandb, request: &CreateArtifact, error: RegistryError) -> RegistryError {
    match (&error, &request.run) {
        (RegistryError::Rejected { .. }, Some(run)) => {
            let run = RunAddress {
                project: request.project.clone(),
                id: run.clone(),
            };
            runs::explain(server, &run, error).await
        }
        _ => error,
    }
}

fn input(request: &CreateArtifact, knows_algorithms: bool) -> CreateArtifactInput {
    let mut aliases = request.aliases.clone();
    if !aliases.contains(&Alias::latest()) {
        aliases.push(Alias::latest());
    }
    let alias = |alias: Alias| ArtifactAliasInput {
        artifact_collection_name: request.name.to_string(),
        alias: alias.to_string(),
    };
    let tags = (!request.tags.is_empty()).then(|| {
        let tag = |tag: &artifact_core::Tag| TagInput {
            tag_name: tag.to_string(),
        };
        request.tags.iter().map(tag).collect()
    });
    // For a version whose digest covers all its entries the collection goes into the list, as in the official client's public
    // API. By that the server knows that it can look for any earlier version with the digest.
    let is_whole = request.distributed_id.is_none() && !request.is_incremental;
    let name = request.name.to_string();
    let (one_name, names) = if is_whole {
        (None, Some(vec![name]))
    } else {
        (Some(name), None)
    };
    CreateArtifactInput {
        entity_name: request.project.entity.to_string(),
        project_name: request.project.project.to_string(),
        artifact_type_name: request.artifact_type.to_string(),
        artifact_collection_name: one_name,
        artifact_collection_names: names,
        run_name: request.run.as_ref().map(ToString::to_string),
        digest: request.digest.to_string(),
        digest_algorithm: knows_algorithms.then(|| records::algorithm_name(request.algorithm)),
        description: request.description.clone(),
        aliases: Some(aliases.into_iter().map(alias).collect()),
        tags,
        metadata: (!request.metadata.is_empty()).then(|| JsonText(request.metadata.to_string())),
        ttl_duration_seconds: (request.ttl != Ttl::Inherit).then(|| Int64(request.ttl.to_wire())),
        enable_digest_deduplication: Some(true),
        distributed_id: request.distributed_id.clone(),
        client_id: Some(client_id()),
        sequence_client_id: Some(client_id()),
    }
}

/// Returns a new client id.
fn client_id() -> Id {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = [0; CLIENT_ID_LENGTH];
    // It only has to be unique.
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    let letters = bytes.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    Id::new(letters.into_iter().collect::<String>())
}

/// Creates the manifest of a pending version, or announces the digest of its file.
pub(super) async fn manifest(
    server: &Wandb,
    request: CreateManifest,
) -> Result<ManifestReceipt, RegistryError> {
    let (project, run) = match request.run {
        Some(run) => (run.project, run.id.to_string()),
        None => (
            lookup::project_of_pending(server, &request.artifact).await?,
            String::new(),
        ),
    };
    let operation = CreateArtifactManifest::build(ManifestVariables {
        artifact_id: Id::new(request.artifact.0.clone()),
        base_artifact_id: request.base.map(|base| Id::new(base.0)),
        name: request.kind.file_name().to_owned(),
        digest: request
            .upload
            .map_or_else(String::new, |digest| digest.to_string()),
        entity_name: project.entity.to_string(),
        project_name: project.project.to_string(),
        run_name: run,
        manifest_type: match request.kind {
            ManifestKind::Patch => ManifestType::Patch,
            ManifestKind::Incremental => ManifestType::Incremental,
            _ => ManifestType::Full,
        },
        include_upload: request.upload.is_some(),
    });
    let response = server.graphql.execute(operation).await;
    let named = response.map(|response| {
        let manifest = response.create_artifact_manifest?.artifact_manifest;
        Some(ManifestResponse {
            id: manifest.id,
            url: manifest.file.upload_url,
            headers: manifest.file.upload_headers,
        })
    });
    receipt(server, &request.artifact, "creating a manifest", named).await
}

/// Announces the digest of a patch or incremental manifest's file.
pub(super) async fn update_manifest_digest(
    server: &Wandb,
    artifact: &ArtifactId,
    manifest: &ManifestId,
    digest: ContentDigest,
) -> Result<ManifestReceipt, RegistryError> {
    let operation = UpdateArtifactManifest::build(ManifestUpdateVariables {
        artifact_manifest_id: Id::new(manifest.0.clone()),
        digest: digest.to_string(),
    });
    let response = server.graphql.execute(operation).await;
    let named = response.map(|response| {
        let manifest = response.update_artifact_manifest?.artifact_manifest;
        Some(ManifestResponse {
            id: manifest.id,
            url: manifest.file.upload_url,
            headers: manifest.file.upload_headers,
        })
    });
    receipt(server, artifact, "announcing a manifest", named).await
}

/// A manifest in a response.
struct ManifestResponse {
    id: Id,
    url: Option<String>,
    headers: Option<Vec<String>>,
}

async fn receipt(
    server: &Wandb,
    artifact: &ArtifactId,
    operation: &'static str,
    response: Result<Option<ManifestResponse>, GraphQlError>,
) -> Result<ManifestReceipt, RegistryError> {
    let named = match response {
        Ok(named) => named,
        Err(error) => {
            let error = server.failed(operation, error);
            return Err(lookup::explain(server, artifact, ArtifactState::Pending, error).await);
        }
    };
    let manifest =
        named.ok_or_else(|| server.protocol_error(operation, "the response has no manifest"))?;
    let headers = files::headers(manifest.headers);
    let url = manifest.url.filter(|url| !url.is_empty());
    Ok(ManifestReceipt {
        id: ManifestId(manifest.id.into_inner()),
        upload: url.map(|url| UploadLocator::Whole { url }.ticket(headers)),
    })
}

/// Commits a pending version.
pub(super) async fn commit(
    server: &Wandb,
    artifact: &ArtifactId,
) -> Result<ArtifactRecord, RegistryError> {
    const OPERATION: &str = "committing an artifact";
    let operation = CommitArtifact::build(CommitVariables {
        artifact_id: Id::new(artifact.0.clone()),
    });
    let committed = match server.graphql.execute(operation).await {
        Ok(response) => response
            .commit_artifact
            .and_then(|payload| payload.artifact),
        Err(error) => {
            let error = server.failed(OPERATION, error);
            return Err(lookup::explain(server, artifact, ArtifactState::Pending, error).await);
        }
    };
    let committed =
        committed.ok_or_else(|| server.protocol_error(OPERATION, "the response has no version"))?;
    server.forget_pending(artifact);
    let id = ArtifactId(committed.id.into_inner());
    lookup::artifact(server, &id.into()).await
}
