//! Reading what a version holds.

use artifact_core::LogicalPath;
use artifact_core::ports::{
    ArtifactRecord, DownloadRequest, DownloadSpec, DownloadTicket, Fetched, TransferError,
};
use futures::TryStreamExt as _;
use manifest::{ContentHasher, Manifest, ManifestEntry, ReadLimits};

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
    let limits = ReadLimits::default();
    let location = flow.registry.manifest(&record.id).await?;
    let bytes = match flow
        .transfer
        .download(&location.ticket, None)
        .await
        .map_err(moved)?
    {
        Fetched::File(path) => {
            std::fs::read(&path).map_err(|source| FlowError::Read { path, source })?
        }
        Fetched::Stream(chunks) => chunks
            .try_fold(Vec::new(), |mut bytes, chunk| async move {
                bytes.extend_from_slice(&chunk);
                if limits.total_bytes < bytes.len() as u64 {
                    return Err(TransferError::Corrupt {
                        place: "an endless manifest".into(),
                    });
                }
                Ok(bytes)
            })
            .await
            .map_err(moved)?,
        other => {
            return Err(damaged(
                format!("{other:?} cannot be read as a manifest").into(),
            ));
        }
    };
    // The artifact's digest does not cover sizes and what else an entry holds; that of the file does.
    if let Some(expected) = location.digest {
        let found = ContentHasher::digest(expected.algorithm(), &bytes);
        if found != expected {
            return Err(damaged(
                format!("its file has digest {found}, not {expected}").into(),
            ));
        }
    }
    let manifest =
        Manifest::read(bytes.as_slice(), &limits).map_err(|source| damaged(source.into()))?;
    let found = manifest.digest(record.algorithm);
    if found != record.digest {
        return Err(damaged(
            format!("its entries have digest {found}, not {}", record.digest).into(),
        ));
    }
    Ok(manifest)
}

/// Asks where the content of stored entries can be had, and returns them with their tickets.
pub(crate) async fn tickets<'a>(
    flow: &Flow,
    record: &ArtifactRecord,
    entries: &[(&'a LogicalPath, &'a ManifestEntry)],
) -> Result<Vec<(&'a LogicalPath, &'a ManifestEntry, DownloadTicket)>, FlowError> {
    let wanted = entries.iter().map(|(path, entry)| spec(path, entry));
    let wanted = wanted
        .collect::<Result<_, _>>()
        .map_err(|path| FlowError::Manifest {
            artifact: record.address().to_string(),
            source: format!("{path} has no digest of its content").into(),
        })?;
    let tickets = flow
        .registry
        .downloads(&DownloadRequest {
            artifact: record.id.clone(),
            project: record.project.clone(),
            name: record.name.clone(),
            entries: wanted,
        })
        .await?;
    check_tickets(record, entries.len(), tickets.len())?;
    Ok(entries
        .iter()
        .zip(tickets)
        .map(|((path, entry), ticket)| (*path, *entry, ticket))
        .collect())
}

/// Returns what a registry wants to know of a stored entry; its path where the digest is not that of content.
fn spec(path: &LogicalPath, entry: &ManifestEntry) -> Result<DownloadSpec, LogicalPath> {
    let digest = entry.digest.content().ok_or_else(|| path.clone())?;
    Ok(DownloadSpec {
        path: path.clone(),
        digest: *digest,
        size: entry.size,
        birth_artifact: entry.birth_artifact.clone(),
    })
}

/// Checks that the registry said of every entry where its content is.
fn check_tickets(record: &ArtifactRecord, wanted: usize, given: usize) -> Result<(), FlowError> {
    if wanted == given {
        return Ok(());
    }
    Err(FlowError::Manifest {
        artifact: record.address().to_string(),
        source: format!("asked for {wanted} download tickets, the registry gave {given}").into(),
    })
}
