//! Versions and their manifests, read once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use artifact_core::ports::{
    ArtifactLookup, ArtifactRecord, ArtifactRegistry, BlobTransfer, BoxError, Fetched,
    RegistryError, TransferError,
};
use artifact_core::records::ArtifactId;
use futures::TryStreamExt as _;
use manifest::{ContentHasher, Manifest, ReadLimits};
use tokio::sync::OnceCell;

use crate::blocking;

/// The maximum of cached versions.
const REMEMBERED: usize = 256;
/// The maximum of entries in all cached versions together; the newest version is always cached.
const ENTRIES: usize = 500_000;
/// The maximum of attempts to read a manifest whose ticket expires or whose stream breaks.
const TRIES: usize = 3;

/// A committed version and what it holds; neither ever changes, but for what this resolver does not read.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) record: ArtifactRecord,
    pub(super) manifest: Manifest,
}

/// Why a version cannot be read.
#[derive(Debug)]
pub(super) enum Failure {
    Registry(RegistryError),
    Transfer(TransferError),
    /// The manifest is not what the registry says it is.
    Damaged(BoxError),
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

/// The first caller reads; the others wait for it.
type Slot = Arc<OnceCell<Arc<Version>>>;

#[derive(Debug)]
pub(super) struct Versions {
    registry: Arc<dyn ArtifactRegistry>,
    transfer: Arc<dyn BlobTransfer>,
    /// The one that was asked for last comes last.
    remembered: Mutex<VecDeque<(ArtifactId, Slot)>>,
}

impl Versions {
    pub(super) fn new(
        registry: Arc<dyn ArtifactRegistry>,
        transfer: Arc<dyn BlobTransfer>,
    ) -> Self {
        Self {
            registry,
            transfer,
            remembered: Mutex::default(),
        }
    }

    pub(super) async fn get(&self, id: &ArtifactId) -> Result<Arc<Version>, Failure> {
        let slot = self.slot(id);
        slot.get_or_try_init(|| self.read(id)).await.cloned()
    }

    fn slot(&self, id: &ArtifactId) -> Slot {
        let mut remembered = self
            .remembered
            .lock()
            .expect("no thread panics while it holds the list");
        let place = remembered.iter().position(|(known, _)| known == id);
        let (id, slot) = match place.and_then(|place| remembered.remove(place)) {
            Some(known) => known,
            None => (id.clone(), Slot::default()),
        };
        let entries = |slot: &Slot| slot.get().map_or(0, |version| version.manifest.len());
        let mut total: usize = remembered.iter().map(|(_, slot)| entries(slot)).sum();
        while REMEMBERED <= remembered.len() || ENTRIES < total {
            let Some((_, oldest)) = remembered.pop_front() else {
                break;
            };
            // It may have been read just now.
            total = total.saturating_sub(entries(&oldest));
        }
        remembered.push_back((id, Arc::clone(&slot)));
        slot
    }

    async fn read(&self, id: &ArtifactId) -> Result<Arc<Version>, Failure> {
        let record = self
            .registry
            .artifact(&ArtifactLookup::Id(id.clone()))
            .await?;
        let mut tries = 1..TRIES;
        loop {
            match self.manifest(&record).await {
                Ok(manifest) => return Ok(Arc::new(Version { record, manifest })),
                Err(Failure::Transfer(
                    TransferError::Expired { .. } | TransferError::Backend { .. },
                )) if tries.next().is_some() => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn manifest(&self, record: &ArtifactRecord) -> Result<Manifest, Failure> {
        let limits = ReadLimits::default();
        let location = self.registry.manifest(&record.id).await?;
        let opened = self.transfer.download(&location.ticket, None).await;
        let bytes = match opened.map_err(Failure::Transfer)? {
            Fetched::File(path) => blocking::run(move |_| std::fs::read(path))
                .await
                .map_err(|error| Failure::Damaged(error.into()))?
                .map_err(|error| Failure::Damaged(error.into()))?,
            Fetched::Stream(chunks) => {
                let limit = usize::try_from(limits.total_bytes).unwrap_or(usize::MAX);
                let collected = chunks.try_fold(Vec::new(), |mut all, chunk| async move {
                    all.extend_from_slice(&chunk);
                    if limit < all.len() {
                        let place = "an endless manifest".to_owned();
                        return Err(TransferError::Corrupt { place });
                    }
                    Ok(all)
                });
                collected.await.map_err(Failure::Transfer)?
            }
            other => {
                return Err(Failure::Damaged(
                    format!("{other:?} cannot be read as a manifest").into(),
                ));
            }
        };
        if let Some(expected) = location.digest {
            let found = ContentHasher::digest(expected.algorithm(), &bytes);
            if found != expected {
                let what = format!("its file has digest {found}, not {expected}");
                return Err(Failure::Damaged(what.into()));
            }
        }
        let manifest = Manifest::read(bytes.as_slice(), &limits);
        let manifest = manifest.map_err(|error| Failure::Damaged(error.into()))?;
        let found = manifest.digest(record.algorithm);
        if found == record.digest {
            return Ok(manifest);
        }
        let what = format!("its entries have digest {found}, not {}", record.digest);
        Err(Failure::Damaged(what.into()))
    }
}
