//! The save flow: hash → create → transfer what is missing → manifest → commit.

mod claims;
mod local;
mod prepare;
mod references;
mod upload;

use artifact_core::ports::{
    ArtifactId, ArtifactLookup, ArtifactRecord, ArtifactState, CreateArtifact, CreateManifest,
    ManifestKind, UploadBody,
};
use artifact_core::{Alias, ContentDigest, ProjectAddress, RunId, Tag};

pub use prepare::{Prepared, Purpose, prepare};
pub use references::ResolverLookup;

use crate::{Flow, FlowError};

/// Where a prepared artifact goes.
#[derive(Debug, Clone)]
pub struct SaveTarget {
    /// The project of the collection.
    pub project: ProjectAddress,
    /// The run that logs it; `None` where a person does, outside a run.
    pub run: Option<RunId>,
    /// The aliases that move to the version; `latest` always does.
    pub aliases: Vec<Alias>,
    /// The tags of the version.
    pub tags: Vec<Tag>,
}

/// What saving came to.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The version.
    pub record: ArtifactRecord,
    /// Whether the collection had a version with this digest already.
    pub is_deduplicated: bool,
    /// What the registry took.
    pub stats: SavedStats,
}

/// What the registry took of an artifact's content, and what it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SavedStats {
    /// Files whose content the registry did not have before.
    pub new_files: u64,
    /// Their bytes.
    pub new_bytes: u64,
    /// Files whose content the registry had.
    pub reused_files: u64,
    /// Their bytes.
    pub reused_bytes: u64,
}

/// Saves a prepared artifact. Nothing is visible before all of it is there.
///
/// # Errors
/// When the registry refuses, or content cannot be moved.
pub async fn save(
    flow: &Flow,
    mut prepared: Prepared,
    target: SaveTarget,
) -> Result<Saved, FlowError> {
    let created = flow
        .registry
        .create_artifact(CreateArtifact {
            project: target.project,
            name: prepared.name.clone(),
            artifact_type: prepared.artifact_type.clone(),
            run: target.run,
            digest: prepared.digest,
            algorithm: prepared.algorithm,
            description: prepared.description.clone(),
            metadata: prepared.metadata.clone(),
            ttl: prepared.ttl,
            aliases: target.aliases,
            tags: target.tags,
        })
        .await?;
    if created.state == ArtifactState::Committed {
        let record = flow
            .registry
            .artifact(&ArtifactLookup::Id(created.id))
            .await?;
        let stats = SavedStats {
            reused_files: prepared.contents.list.len() as u64,
            reused_bytes: prepared.manifest.size(),
            ..SavedStats::default()
        };
        return Ok(Saved {
            record,
            is_deduplicated: true,
            stats,
        });
    }
    let mut request = CreateManifest {
        artifact: created.id.clone(),
        base: created.latest,
        kind: ManifestKind::Full,
        upload: None,
    };
    let manifest = flow.registry.create_manifest(request.clone()).await?.id;
    let stats = upload::contents(flow, &mut prepared, &created.id, &manifest).await?;

    let bytes = prepared
        .manifest
        .write(Vec::new())
        .map_err(|source| damaged(&created.id, source.into()))?;
    request.upload = Some(ContentDigest::Md5(md5_lanes::Md5::digest(&bytes)));
    let receipt = flow.registry.create_manifest(request).await?;
    let ticket = receipt
        .upload
        .ok_or_else(|| damaged(&created.id, "the registry named no place for it".into()))?;
    upload::send(
        flow,
        &ticket,
        UploadBody::Bytes(&bytes),
        ManifestKind::Full.file_name(),
    )
    .await?;

    let record = flow.registry.commit_artifact(&created.id).await?;
    let is_deduplicated = record.id != created.id;
    Ok(Saved {
        record,
        is_deduplicated,
        stats,
    })
}

fn damaged(artifact: &ArtifactId, source: Box<dyn std::error::Error + Send + Sync>) -> FlowError {
    FlowError::Manifest {
        artifact: artifact.to_string(),
        source,
    }
}
