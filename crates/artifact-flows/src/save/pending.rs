//! The version that a save makes: begun or continued, and made visible.

use artifact_core::ContentDigest;
use artifact_core::ports::{
    ArtifactId, ArtifactState, CreateArtifact, CreateManifest, ManifestId, ManifestKind,
    ManifestReceipt, RegistryError, RunAddress, TransferError, UploadBody,
};
use manifest::Manifest;

use super::journal::{ConfirmedFiles, Interrupted, OpenJournal};
use crate::{Flow, FlowError};

/// How many tickets the manifest file is tried with before it is given up because they all expire.
const MAX_TICKETS: u32 = 5;

/// A version that nobody sees yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) artifact: ArtifactId,
    /// The version that it follows.
    pub(super) base: Option<ArtifactId>,
    pub(super) manifest: ManifestId,
    pub(super) kind: ManifestKind,
    /// The run that has begun it, where that is this one.
    run: Option<RunAddress>,
}

impl Pending {
    /// Creates the manifest of a version, or finds it; of one that several write there is always another.
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

    /// Announces the bytes of the manifest.
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

/// Returns what the manifest of a version holds. That it is an increment comes first, as in the official client.
const fn kind_of(request: &CreateArtifact) -> ManifestKind {
    if request.is_incremental {
        ManifestKind::Incremental
    } else if request.distributed_id.is_some() {
        ManifestKind::Patch
    } else {
        ManifestKind::Full
    }
}

/// What a save begins with.
#[derive(Debug)]
pub(super) enum BeginOutcome {
    /// The collection has a version with these entries.
    Committed(ArtifactId),
    /// Nothing of this version was sent yet.
    New(Pending),
    /// Somebody else has made the version visible between two questions, and this share is not in it.
    Overtaken(ArtifactId),
    /// An earlier save has sent some of this one.
    Continued(Pending, ConfirmedFiles),
}

/// Continues the version that an interrupted save has left behind, else creates one. It follows `base`, or else the newest
/// one.
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
            // Committed after all, or given up by the registry.
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
        journal.begin_share(&pending.manifest);
    }
    Ok(BeginOutcome::New(pending))
}

/// Returns what an interrupted save has left behind, where it can be gone on with.
async fn resume_interrupted(
    flow: &Flow,
    interrupted: Interrupted,
    request: &CreateArtifact,
) -> Result<Option<BeginOutcome>, RegistryError> {
    let Interrupted {
        artifact,
        base,
        share,
        confirmed,
    } = interrupted;
    let kind = kind_of(request);
    let pending = match share {
        // A new share would have none of the files that were sent.
        Some(manifest) => Pending {
            artifact,
            base,
            manifest,
            kind,
            run: None,
        },
        None if request.distributed_id.is_some() => return Ok(None),
        // The run of this save is not the one that began it.
        None => Pending::of(flow, artifact, base, kind, None).await?,
    };
    Ok(Some(BeginOutcome::Continued(pending, confirmed)))
}

/// Sends the manifest.
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
        // Its bytes are none of the contents', of which watchers were told.
        match flow.transfer.upload(&ticket, body, &|_| ()).await {
            Ok(()) => return Ok(()),
            Err(TransferError::Expired { .. }) if tickets < MAX_TICKETS => {}
            Err(source) => return Err(manifest_rejection(pending.kind, source)),
        }
    }
}

/// Returns why a manifest was not taken: in the registry's own words, where it looked at it and said no.
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

/// Returns what the registry said, if that is why something failed. It may say so when it gets bytes, too.
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

/// Whether the registry has no such pending version any more.
pub(super) const fn is_gone(error: &RegistryError) -> bool {
    matches!(
        error,
        RegistryError::WrongState { .. } | RegistryError::NoArtifact { .. }
    )
}

/// Whether the registry will not have what it was given.
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
