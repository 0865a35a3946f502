//! Reading what a version holds.

use artifact_core::ports::{ArtifactRecord, ByteStream, Fetched, TransferError};
use futures::TryStreamExt as _;
use manifest::{ContentHasher, Manifest, ReadLimits};

use crate::{Flow, FlowError};

/// How often a manifest is asked for, where its ticket has expired or its stream breaks off.
const TRIES: usize = 3;

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
    let mut tries = 1..TRIES;
    let (location, bytes) = loop {
        let location = flow.registry.manifest(&record.id).await?;
        let opened = flow.transfer.download(&location.ticket, None).await;
        let read = match opened {
            Ok(Fetched::File(path)) => {
                Ok(std::fs::read(&path).map_err(|source| FlowError::Read { path, source })?)
            }
            Ok(Fetched::Stream(chunks)) => collect(chunks, limits.total_bytes).await,
            Ok(other) => {
                return Err(damaged(
                    format!("{other:?} cannot be read as a manifest").into(),
                ));
            }
            // The adapter has tried already.
            Err(error @ TransferError::Backend { .. }) => return Err(moved(error)),
            Err(error) => Err(error),
        };
        match read {
            Ok(bytes) => break (location, bytes),
            Err(TransferError::Expired { .. } | TransferError::Backend { .. })
                if tries.next().is_some() => {}
            Err(error) => return Err(moved(error)),
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

/// Returns all that comes, unless that is more than `limit` bytes.
async fn collect(chunks: ByteStream, limit: u64) -> Result<Vec<u8>, TransferError> {
    chunks
        .try_fold(Vec::new(), |mut bytes, chunk| async move {
            bytes.extend_from_slice(&chunk);
            if limit < bytes.len() as u64 {
                return Err(TransferError::Corrupt {
                    place: "an endless manifest".into(),
                });
            }
            Ok(bytes)
        })
        .await
}
