//! The version that a save makes: begun or continued, and made visible.

use artifact_core::ContentDigest;
use artifact_core::ports::{
    ArtifactId, ArtifactRecord, ArtifactState, CreateArtifact, CreateManifest, ManifestId,
    ManifestKind, RegistryError, TransferError, UploadBody,
};
use manifest::Manifest;

use super::journal::{ConfirmedFiles, Interrupted, OpenJournal};
use crate::{Flow, FlowError};

/// How many tickets the manifest file is tried with before it is given up because they all expire.
const TICKETS: u32 = 5;

/// A version that nobody sees yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) artifact: ArtifactId,
    /// The version that it follows.
    pub(super) base: Option<ArtifactId>,
    pub(super) manifest: ManifestId,
}

impl Pending {
    /// Creates the manifest of a version, or finds it.
    async fn of(
        flow: &Flow,
        artifact: ArtifactId,
        base: Option<ArtifactId>,
    ) -> Result<Self, RegistryError> {
        let mut pending = Self {
            artifact,
            base,
            manifest: ManifestId(String::new()),
        };
        let request = pending.manifest_request(None);
        pending.manifest = flow.registry.create_manifest(request).await?.id;
        Ok(pending)
    }

    fn manifest_request(&self, upload: Option<ContentDigest>) -> CreateManifest {
        CreateManifest {
            artifact: self.artifact.clone(),
            base: self.base.clone(),
            kind: ManifestKind::Full,
            upload,
        }
    }
}

/// What a save begins with.
#[derive(Debug)]
pub(super) enum Begun {
    /// The collection has a version with these entries.
    Committed(ArtifactId),
    /// Nothing of this version was sent yet.
    New(Pending),
    /// An earlier save has sent some of this one.
    Continued(Pending, ConfirmedFiles),
}

/// Continues the version that an interrupted save has left behind, else creates one.
pub(super) async fn begin(
    flow: &Flow,
    request: &CreateArtifact,
    mut journal: Option<&mut OpenJournal>,
) -> Result<Begun, FlowError> {
    if let Some(journal) = &mut journal
        && let Some(interrupted) = journal.take_interrupted()
    {
        let Interrupted {
            artifact,
            base,
            confirmed,
        } = interrupted;
        match Pending::of(flow, artifact, base).await {
            Ok(pending) => return Ok(Begun::Continued(pending, confirmed)),
            // Committed after all, or given up by the registry.
            Err(error) if is_gone(&error) || is_refusal(&error) => journal.forget(),
            Err(error) => return Err(error.into()),
        }
    }
    let created = flow.registry.create_artifact(request.clone()).await?;
    if created.state == ArtifactState::Committed {
        return Ok(Begun::Committed(created.id));
    }
    if let Some(journal) = journal {
        journal.begin(&created.id, created.latest.as_ref());
    }
    let pending = Pending::of(flow, created.id, created.latest).await?;
    Ok(Begun::New(pending))
}

/// Sends the manifest, and makes the version visible.
pub(super) async fn finish(
    flow: &Flow,
    manifest: &Manifest,
    pending: &Pending,
) -> Result<ArtifactRecord, FlowError> {
    let artifact = &pending.artifact;
    let bytes = manifest
        .write(Vec::new())
        .map_err(|source| damaged(artifact, source.into()))?;
    let digest = ContentDigest::Md5(md5_lanes::Md5::digest(&bytes));
    let mut tickets = 0;
    loop {
        tickets += 1;
        let request = pending.manifest_request(Some(digest));
        let receipt = flow.registry.create_manifest(request).await?;
        let ticket = receipt
            .upload
            .ok_or_else(|| damaged(artifact, "the registry named no place for it".into()))?;
        let body = UploadBody::Bytes(&bytes);
        // Its bytes are none of the contents', of which watchers were told.
        match flow.transfer.upload(&ticket, body, &|_| ()).await {
            Ok(()) => break,
            Err(TransferError::Expired { .. }) if tickets < TICKETS => {}
            Err(source) => {
                return Err(FlowError::Transfer {
                    path: ManifestKind::Full.file_name().to_owned(),
                    source,
                });
            }
        }
    }
    Ok(flow.registry.commit_artifact(artifact).await?)
}

/// Returns what the registry said, if that is why something failed. It may say so when it gets bytes, too.
pub(super) fn said_by_registry(error: &FlowError) -> Option<&RegistryError> {
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
