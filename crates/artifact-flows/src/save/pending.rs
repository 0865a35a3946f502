//! The pending version of a save: created or continued, until its manifest is sent.

use artifact_core::ContentDigest;
use artifact_core::ports::{
    CreateArtifact, CreateManifest, ManifestId, ManifestKind, ManifestReceipt, RegistryError,
    TransferError, UploadBody,
};
use artifact_core::records::{ArtifactId, ArtifactState, RunAddress};
use manifest::Manifest;

use super::journal::{ConfirmedFiles, Interrupted, OpenJournal};
use crate::{Flow, FlowError};

/// Tickets tried for the manifest file before giving up because all expire.
const MAX_TICKETS: u32 = 5;

/// A version that is not visible yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) artifact: ArtifactId,
    /// The version that it is based on.
    pub(super) base: Option<ArtifactId>,
    pub(super) manifest: ManifestId,
    pub(super) kind: ManifestKind,
    /// The run that created it, if this save did.
    run: Option<RunAddress>,
}

impl Pending {
    /// Creates the manifest of a version, or finds it; every writer of a distributed version gets its own.
    async fn of(
        flow: &Flow,
        artifact: ArtifactId,
        base: Option<ArtifactId>,
        kind: ManifestKind,
        run: Option<RunAddress>,
    ) -> Result<Self, RegistryError> {
        let request = CreateManifest {
            artifact: artifact.clone(),
            base: base.clone(),
            kind,
            run: run.clone(),
            upload: None,
        };
        Ok(Self {
            manifest: flow.registry.create_manifest(request).await?.id,
            artifact,
            base,
            kind,
            run,
        })
    }

    /// Announces the manifest file by its digest, and gets an upload ticket.
    async fn announce(
        &self,
        flow: &Flow,
        digest: ContentDigest,
    ) -> Result<ManifestReceipt, RegistryError> {
        if self.kind != ManifestKind::Full {
            let (artifact, manifest) = (&self.artifact, &self.manifest);
            return flow
                .registry
                .update_manifest(artifact, manifest, digest)
                .await;
        }
        let request = CreateManifest {
            artifact: self.artifact.clone(),
            base: self.base.clone(),
            kind: self.kind,
            run: self.run.clone(),
            upload: Some(digest),
        };
        flow.registry.create_manifest(request).await
    }
}

/// Returns the manifest kind of a version. Incremental takes precedence, as in the official client.
const fn kind_of(request: &CreateArtifact) -> ManifestKind {
    if request.is_incremental {
        ManifestKind::Incremental
    } else if request.distributed_id.is_some() {
        ManifestKind::Patch
    } else {
        ManifestKind::Full
    }
}

/// The beginning of a save.
#[derive(Debug)]
pub(super) enum BeginOutcome {
    /// The collection already has a version with these entries.
    Committed(ArtifactId),
    /// A new pending version.
    New(Pending),
    /// Another writer committed the version meanwhile, without this part.
    Overtaken(ArtifactId),
    /// A pending version that an interrupted save left, and the files it confirmed.
    Continued(Pending, ConfirmedFiles),
}

/// Continues the version of an interrupted save, or creates one. It is based on `base`, or on the newest version.
pub(super) async fn begin(
    flow: &Flow,
    request: &CreateArtifact,
    base: Option<&ArtifactId>,
    mut journal: Option<&mut OpenJournal>,
) -> Result<BeginOutcome, FlowError> {
    let kind = kind_of(request);
    if let Some(journal) = &mut journal
        && let Some(interrupted) = journal.take_interrupted()
    {
        match resume_interrupted(flow, interrupted, request).await {
            Ok(Some(outcome)) => return Ok(outcome),
            // The version was committed after all, or the registry dropped it.
            Err(error) if is_gone(&error) || is_refusal(&error) => {}
            Err(error) => return Err(error.into()),
            Ok(None) => {}
        }
        journal.forget();
    }
    let created = flow.registry.create_artifact(request.clone()).await?;
    if created.state == ArtifactState::Committed {
        return Ok(BeginOutcome::Committed(created.id));
    }
    let base = base.cloned().or(created.latest);
    if let Some(journal) = &mut journal {
        journal.begin(&created.id, base.as_ref());
    }
    let run = request.run.clone().map(|id| RunAddress {
        project: request.project.clone(),
        id,
    });
    let pending = match Pending::of(flow, created.id.clone(), base, kind, run).await {
        Err(error) if request.distributed_id.is_some() && is_gone(&error) => {
            return Ok(BeginOutcome::Overtaken(created.id));
        }
        pending => pending?,
    };
    if let (Some(journal), true) = (journal, request.distributed_id.is_some()) {
        journal.begin_part(&pending.manifest);
    }
    Ok(BeginOutcome::New(pending))
}

/// Returns the pending version of an interrupted save, if it can be continued.
async fn resume_interrupted(
    flow: &Flow,
    interrupted: Interrupted,
    request: &CreateArtifact,
) -> Result<Option<BeginOutcome>, RegistryError> {
    let Interrupted {
        artifact,
        base,
        part,
        confirmed,
    } = interrupted;
    let kind = kind_of(request);
    let pending = match part {
        // A new part would not have the files that were sent.
        Some(manifest) => Pending {
            artifact,
            base,
            manifest,
            kind,
            run: None,
        },
        None if request.distributed_id.is_some() => return Ok(None),
        // This save's run did not create the version.
        None => Pending::of(flow, artifact, base, kind, None).await?,
    };
    Ok(Some(BeginOutcome::Continued(pending, confirmed)))
}

/// Uploads the manifest file.
pub(super) async fn send_manifest(
    flow: &Flow,
    manifest: &Manifest,
    pending: &Pending,
) -> Result<(), FlowError> {
    let artifact = &pending.artifact;
    let bytes = manifest
        .write(Vec::new())
        .map_err(|source| damaged(artifact, source.into()))?;
    let digest = ContentDigest::Md5(md5_lanes::Md5::digest(&bytes));
    let mut tickets = 0;
    loop {
        tickets += 1;
        let receipt = pending.announce(flow, digest).await?;
        let ticket = receipt
            .upload
            .ok_or_else(|| damaged(artifact, "the registry named no place for it".into()))?;
        let body = UploadBody::Bytes(&bytes);
        // Its bytes are not part of the reported total.
        match flow.transfer.upload(&ticket, body, &|_| ()).await {
            Ok(()) => return Ok(()),
            Err(TransferError::Expired { .. }) if tickets < MAX_TICKETS => {}
            Err(source) => return Err(manifest_rejection(pending.kind, source)),
        }
    }
}

/// Returns the error of a refused manifest: the registry's own, if it has read and rejected it.
fn manifest_rejection(kind: ManifestKind, error: TransferError) -> FlowError {
    let path = kind.file_name().to_owned();
    match error {
        TransferError::Backend { place, source } => match source.downcast() {
            Ok(said) => FlowError::Registry(*said),
            Err(source) => FlowError::Transfer {
                path,
                source: TransferError::Backend { place, source },
            },
        },
        source => FlowError::Transfer { path, source },
    }
}

/// Returns the registry's error behind a failure. The registry may also answer an upload with it.
pub(super) fn registry_error(error: &FlowError) -> Option<&RegistryError> {
    let source = match error {
        FlowError::Registry(error) => return Some(error),
        FlowError::Transfer {
            source: TransferError::Backend { source, .. },
            ..
        } => source,
        _ => return None,
    };
    source.downcast_ref()
}

/// Whether the pending version no longer exists.
pub(super) const fn is_gone(error: &RegistryError) -> bool {
    matches!(
        error,
        RegistryError::WrongState { .. } | RegistryError::NoArtifact { .. }
    )
}

/// Whether the registry rejected the request itself.
pub(super) const fn is_refusal(error: &RegistryError) -> bool {
    matches!(
        error,
        RegistryError::MissingContent { .. } | RegistryError::Rejected { .. }
    )
}

pub(super) fn damaged(
    artifact: &ArtifactId,
    source: Box<dyn std::error::Error + Send + Sync>,
) -> FlowError {
    FlowError::Manifest {
        artifact: artifact.to_string(),
        source,
    }
}
