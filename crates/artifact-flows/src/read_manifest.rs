//! Reading what a version holds.

use artifact_core::DigestAlgorithm;
use artifact_core::ports::{
    ArtifactRecord, ByteStream, Fetched, ManifestLocation, RegistryError, TransferError,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use manifest::{ContentHasher, Manifest, ReadLimits};

use crate::{Flow, FlowError};

/// How often a manifest is asked for, where its ticket has expired or its stream breaks off.
const MAX_ATTEMPTS: usize = 3;

/// Reads the manifest of a committed version, and checks it against the version's digest. What was read before is in the
/// cache, and is not asked for again.
///
/// # Errors
/// When the manifest cannot be had, is damaged, or is another one.
pub async fn read_manifest(flow: &Flow, record: &ArtifactRecord) -> Result<Manifest, FlowError> {
    if let Some(cached) = cached(flow, record) {
        return Ok(cached);
    }
    let location = flow.registry.manifest(&record.id).await;
    read_from(flow, record, location).await
}

/// As [`read_manifest`], of several versions at once, with as few questions as the registry needs.
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

/// Returns the manifest that the cache has, where it is right.
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

/// Keeps the bytes of a manifest that was read from elsewhere.
fn store_in_cache(flow: &Flow, record: &ArtifactRecord, bytes: &[u8]) {
    if let (Some(versions), Some(cache)) = (&flow.versions, &flow.cache) {
        let digest = ContentHasher::digest(DigestAlgorithm::Md5, bytes);
        cache.keep_bytes(&digest, bytes);
        versions.remember(record, digest);
    }
}

/// Reads a manifest where the registry said first that it is.
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
    let mut attempts = 1..MAX_ATTEMPTS;
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
            // The adapter has tried already.
            Err(error @ TransferError::Backend { .. }) => return Err(transfer_error(error)),
            Err(error) => Err(error),
        };
        match read {
            Ok(bytes) => break bytes,
            Err(TransferError::Expired { .. } | TransferError::Backend { .. })
                if attempts.next().is_some() =>
            {
                location =
                    offline_as_not_cached(flow.registry.manifest(&record.id).await, &address)?;
            }
            Err(error) => return Err(transfer_error(error)),
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
