//! Reading what a version holds.

use artifact_core::ports::{ArtifactRecord, Fetched};
use futures::TryStreamExt as _;
use manifest::{Manifest, ReadLimits};

use crate::{Flow, FlowError};

/// Reads the manifest of a committed version, and checks it against the version's digest.
///
/// # Errors
/// When the manifest cannot be had, is damaged, or is another one.
pub async fn read_manifest(flow: &Flow, record: &ArtifactRecord) -> Result<Manifest, FlowError> {
    let address = record.address().to_string();
    let damaged = |source| FlowError::Manifest {
        artifact: address.clone(),
        source,
    };
    let moved = |source| FlowError::Transfer {
        path: format!("the manifest of {address}"),
        source,
    };
    let ticket = flow.registry.manifest(&record.id).await?;
    let limits = ReadLimits::default();
    let manifest = match flow.transfer.download(&ticket).await.map_err(moved)? {
        Fetched::File(path) => {
            let file =
                std::fs::File::open(&path).map_err(|source| FlowError::Read { path, source })?;
            Manifest::read(file, &limits)
        }
        Fetched::Stream(chunks) => {
            let bytes: Vec<u8> = chunks
                .try_fold(Vec::new(), |mut bytes, chunk| async move {
                    bytes.extend_from_slice(&chunk);
                    Ok(bytes)
                })
                .await
                .map_err(moved)?;
            Manifest::read(bytes.as_slice(), &limits)
        }
        other => {
            return Err(damaged(
                format!("{other:?} cannot be read as a manifest").into(),
            ));
        }
    };
    let manifest = manifest.map_err(|source| damaged(source.into()))?;
    let found = manifest.digest(record.algorithm);
    if found != record.digest {
        return Err(damaged(
            format!("its entries have digest {found}, not {}", record.digest).into(),
        ));
    }
    Ok(manifest)
}
