//! Reads manifests, from the cache or the registry.

use artifact_core::DigestAlgorithm;
use artifact_core::ports::{
    ArtifactRecord, ByteStream, Fetched, ManifestLocation, RegistryError, TransferError,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use manifest::{ContentHasher, Manifest, ReadLimits};

use crate::retry::TransferRetries;
use crate::{Flow, FlowError};

/// Reads the manifest of a committed version, and verifies it against the version's digest. Manifests that were read
/// before come from the cache.
///
/// # Errors
/// Fails when the manifest is not available, damaged, or that of another version.
pub async fn read_manifest(flow: &Flow, record: &ArtifactRecord) -> Result<Manifest, FlowError> {
    if let Some(cached) = cached(flow, record) {
        return Ok(cached);
    }
    let location = flow.registry.manifest(&record.id).await;
    read_from(flow, record, location).await
}

/// As [`read_manifest`], for several versions, with few requests.
pub(crate) async fn read_manifests(
    flow: &Flow,
    records: &[&ArtifactRecord],
    concurrency: usize,
) -> Vec<Result<Manifest, FlowError>> {
    let mut manifests: Vec<_> = records
        .iter()
        .map(|record| cached(flow, record).map(Ok))
        .collect();
    let missing: Vec<_> = (0..records.len())
        .filter(|at| manifests[*at].is_none())
        .collect();
    let ids: Vec<_> = missing.iter().map(|at| records[*at].id.clone()).collect();
    let locations = match &*ids {
        [] => Vec::new(),
        ids => flow.registry.manifests(ids).await,
    };
    let reading = missing
        .into_iter()
        .zip(locations)
        .map(|(at, location)| async move { (at, read_from(flow, records[at], location).await) });
    let read: Vec<_> = stream::iter(reading)
        .buffer_unordered(concurrency.max(1))
        .collect()
        .await;
    for (at, manifest) in read {
        manifests[at] = Some(manifest);
    }
    manifests
        .into_iter()
        .map(|manifest| manifest.expect("each was in the cache, or was asked for"))
        .collect()
}

/// Returns the cached manifest, if it is intact.
fn cached(flow: &Flow, record: &ArtifactRecord) -> Option<Manifest> {
    let (versions, cache) = (flow.versions.as_ref()?, flow.cache.as_ref()?);
    let digest = versions.manifest(record)?;
    let bytes = std::fs::read(cache.find(&digest)?).ok()?;
    if ContentHasher::digest(digest.algorithm(), &bytes) != digest {
        cache.distrust(&digest);
        return None;
    }
    let manifest = Manifest::read(bytes.as_slice(), &ReadLimits::default()).ok()?;
    (manifest.digest(record.algorithm) == record.digest).then_some(manifest)
}

/// Stores the bytes of a downloaded manifest in the cache.
fn store_in_cache(flow: &Flow, record: &ArtifactRecord, bytes: &[u8]) {
    if let (Some(versions), Some(cache)) = (&flow.versions, &flow.cache) {
        let digest = ContentHasher::digest(DigestAlgorithm::Md5, bytes);
        cache.keep_bytes(&digest, bytes);
        versions.remember(record, digest);
    }
}

/// Reads a manifest from the location that the registry gave.
async fn read_from(
    flow: &Flow,
    record: &ArtifactRecord,
    location: Result<ManifestLocation, RegistryError>,
) -> Result<Manifest, FlowError> {
    let address = record.address().to_string();
    let damaged = |source| FlowError::Manifest {
        artifact: address.clone(),
        source,
    };
    let transfer_error = |source| FlowError::Transfer {
        path: format!("the manifest of {address}"),
        source,
    };
    let limits = ReadLimits::default();
    let mut retries = TransferRetries::new(flow);
    let mut location = offline_as_not_cached(location, &address)?;
    let bytes = loop {
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
            // The adapter has retried already.
            Err(error @ TransferError::Backend { .. }) => return Err(transfer_error(error)),
            Err(error) => Err(error),
        };
        match read {
            Ok(bytes) => break bytes,
            Err(error @ (TransferError::Expired { .. } | TransferError::Backend { .. })) => {
                if !retries.wait_after(&error, flow).await {
                    return Err(transfer_error(error));
                }
                location =
                    offline_as_not_cached(flow.registry.manifest(&record.id).await, &address)?;
            }
            Err(error) => return Err(transfer_error(error)),
        }
    };
    // The artifact's digest covers neither sizes nor extra fields; the digest of the file does.
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
    store_in_cache(flow, record, &bytes);
    Ok(manifest)
}

fn offline_as_not_cached(
    location: Result<ManifestLocation, RegistryError>,
    address: &str,
) -> Result<ManifestLocation, FlowError> {
    location.map_err(|error| match error {
        RegistryError::Offline { location } => FlowError::NotCached {
            what: format!("the manifest of {address}"),
            location,
        },
        error => error.into(),
    })
}

/// Returns all bytes of a stream of at most `limit` bytes.
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
