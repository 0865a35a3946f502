//! This engine as a writer of the blob store: what it has put, and which of that no committed version uses yet.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use artifact_core::ContentKey;

use crate::StoreError;
use crate::blobs::{BlobDraft, BlobRef, BlobWriter, LocalDraft, LocalDrafts, RecoveryFn};
use crate::metadata::VersionKey;

/// A registered writer of the blob store, and its unsettled content.
#[derive(Debug)]
pub(crate) struct Writer {
    blobs: Box<dyn BlobWriter>,
    unsettled: Mutex<Unsettled>,
}

/// Content that may become an orphan. Nothing is kept of committed content, so that a long-lived writer stays small.
#[derive(Debug, Default)]
struct Unsettled {
    /// Content that is being put or was not put after all, and how often.
    announced: HashMap<ContentKey, u32>,
    /// The sizes of content that was put and is not in a committed version yet.
    put: HashMap<ContentKey, u64>,
    /// The pending versions that this writer works on.
    pending: HashMap<VersionKey, Pending>,
    /// Content that something has dropped: surely, or because it was a version that dropped one of these.
    doubtful: HashSet<ContentKey>,
}

/// A pending version.
#[derive(Debug, Default)]
struct Pending {
    /// The content of this writer that it uses.
    uses: Vec<ContentKey>,
    /// Whether it has dropped content that it used.
    dropped_content: bool,
}

impl Writer {
    pub(super) fn new(blobs: Box<dyn BlobWriter>) -> Self {
        Self {
            blobs,
            unsettled: Mutex::default(),
        }
    }

    /// Opens a draft; see [`BlobWriter::draft`].
    pub(super) fn draft(&self, size_hint: Option<u64>) -> Result<Box<dyn BlobDraft>, StoreError> {
        self.blobs.draft(size_hint)
    }

    pub(super) fn local(&self) -> Option<&dyn LocalDrafts> {
        self.blobs.local()
    }

    /// Stores bytes under their key.
    pub(super) fn put(&self, key: ContentKey, bytes: &[u8]) -> Result<(), StoreError> {
        self.put_with(key, bytes.len() as u64, || self.blobs.put(&key, bytes))
    }

    /// Stores a draft of `size` bytes under its key.
    pub(super) fn put_draft(
        &self,
        draft: Box<dyn BlobDraft>,
        key: ContentKey,
        size: u64,
    ) -> Result<(), StoreError> {
        self.put_with(key, size, || draft.put(&key))
    }

    /// Stores a clone of a local file of `size` bytes under its key.
    pub(super) fn put_clone(
        &self,
        draft: Box<dyn LocalDraft>,
        key: ContentKey,
        size: u64,
    ) -> Result<(), StoreError> {
        self.put_with(key, size, || draft.put(&key))
    }

    fn put_with<P>(
        &self,
        key: ContentKey,
        size: u64,
        put: impl FnOnce() -> Result<P, StoreError>,
    ) -> Result<(), StoreError> {
        // Before the store records it, so that records that are compacted meanwhile keep it.
        self.unsettled().announce(key);
        put()?;
        self.unsettled().note_put(key, size);
        Ok(())
    }

    /// Returns the size of content that this writer has put and not committed yet.
    pub(super) fn size_of_put(&self, key: &ContentKey) -> Option<u64> {
        self.unsettled().put.get(key).copied()
    }

    /// Records that a pending version uses content.
    pub(super) fn note_used<'k>(
        &self,
        version: VersionKey,
        keys: impl IntoIterator<Item = &'k ContentKey>,
    ) {
        self.unsettled().note_used(version, keys);
    }

    /// Records that a pending version may no longer use all content that it did.
    pub(super) fn note_content_dropped(&self, version: VersionKey) {
        let mut unsettled = self.unsettled();
        unsettled
            .pending
            .entry(version)
            .or_default()
            .dropped_content = true;
    }

    /// Records that something may no longer use this content, which earlier writers may have put: recovery looks
    /// whether anything else does.
    pub(crate) fn note_possible_orphan(&self, key: &ContentKey) -> Result<(), StoreError> {
        self.unsettled().doubtful.insert(*key);
        self.blobs.record_orphan(&BlobRef::of_content(*key))
    }

    /// Records that a version is committed, and with it all content that it uses.
    pub(super) fn note_committed(&self, version: VersionKey) {
        self.unsettled().note_committed(version);
        let mut unsettled = || self.unsettled().keys().copied().collect();
        if let Err(error) = self.blobs.compact(&mut unsettled) {
            // Records of settled content do no harm.
            tracing::warn!(%error, "the journal stays long");
        }
    }

    /// Records that a pending version is gone.
    pub(super) fn note_version_dropped(&self, version: VersionKey) {
        self.unsettled().pending.remove(&version);
    }

    /// Records that content is in use for good.
    pub(super) fn note_kept(&self, key: &ContentKey) {
        self.unsettled().put.remove(key);
    }

    /// Ends the writer. `recover` runs if content is unsettled and no other writer is registered.
    pub(super) fn leave(self, recover: &mut RecoveryFn<'_>) -> Result<(), StoreError> {
        let is_settled = self.unsettled().is_settled();
        self.blobs.leave(is_settled, recover)
    }

    fn unsettled(&self) -> MutexGuard<'_, Unsettled> {
        self.unsettled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsettled {
    fn announce(&mut self, key: ContentKey) {
        *self.announced.entry(key).or_default() += 1;
    }

    fn note_put(&mut self, key: ContentKey, size: u64) {
        if let Some(announced) = self.announced.get_mut(&key) {
            *announced -= 1;
            if *announced == 0 {
                self.announced.remove(&key);
            }
        }
        self.put.insert(key, size);
    }

    fn note_used<'k>(
        &mut self,
        version: VersionKey,
        keys: impl IntoIterator<Item = &'k ContentKey>,
    ) {
        let put = keys.into_iter().filter(|key| self.put.contains_key(*key));
        self.pending.entry(version).or_default().uses.extend(put);
    }

    fn note_committed(&mut self, version: VersionKey) {
        let Some(committed) = self.pending.remove(&version) else {
            return;
        };
        for key in &committed.uses {
            self.put.remove(key);
        }
        if committed.dropped_content {
            self.doubtful.extend(committed.uses);
        }
    }

    /// Whether all content that was announced is in a committed version, and no version is pending.
    fn is_settled(&self) -> bool {
        self.pending.is_empty() && self.keys().next().is_none()
    }

    /// Returns the keys of content that may become an orphan.
    fn keys(&self) -> impl Iterator<Item = &ContentKey> {
        let in_progress = self.announced.keys().chain(self.put.keys());
        in_progress.chain(&self.doubtful)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::blobs::Place;

    /// A writer that stores nothing, and compacts its records whenever it may.
    #[derive(Debug, Default)]
    struct Records(Arc<Mutex<HashSet<ContentKey>>>);

    impl BlobWriter for Records {
        fn draft(&self, _size_hint: Option<u64>) -> Result<Box<dyn BlobDraft>, StoreError> {
            Err(StoreError::Corrupt)
        }

        fn put(&self, key: &ContentKey, bytes: &[u8]) -> Result<Place, StoreError> {
            self.0.lock().unwrap().insert(*key);
            if bytes.is_empty() {
                return Err(StoreError::Corrupt);
            }
            Ok(Place::of_content(key))
        }

        fn local(&self) -> Option<&dyn LocalDrafts> {
            None
        }

        fn record_orphan(&self, blob: &BlobRef) -> Result<(), StoreError> {
            self.0.lock().unwrap().insert(blob.key);
            Ok(())
        }

        fn compact(
            &self,
            unsettled: &mut dyn FnMut() -> Vec<ContentKey>,
        ) -> Result<(), StoreError> {
            *self.0.lock().unwrap() = unsettled().into_iter().collect();
            Ok(())
        }

        fn leave(
            self: Box<Self>,
            _is_settled: bool,
            _recover: &mut RecoveryFn<'_>,
        ) -> Result<(), StoreError> {
            Ok(())
        }
    }

    fn key(number: u64) -> ContentKey {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        ContentKey::from_bytes(bytes)
    }

    #[test]
    fn records_of_unsettled_content_outlive_compaction() -> Result<(), StoreError> {
        const COMMITTED: u64 = 10_000;

        let records = Arc::<Mutex<HashSet<_>>>::default();
        let writer = Writer::new(Box::new(Records(Arc::clone(&records))));
        let [announced, put, used, dropped, replaced] = [1, 2, 3, 4, 5].map(|n| key(n + COMMITTED));
        assert!(writer.put(announced, b"").is_err());
        for key in [put, used, dropped, replaced] {
            writer.put(key, b"x")?;
        }
        writer.note_used(VersionKey(-1), [&used]);
        writer.note_used(VersionKey(-2), [&dropped]);
        writer.note_version_dropped(VersionKey(-2));
        writer.note_used(VersionKey(-3), [&replaced]);
        writer.note_content_dropped(VersionKey(-3));
        writer.note_committed(VersionKey(-3));
        let unsettled = HashSet::from([announced, put, used, dropped, replaced]);

        for number in 0..COMMITTED {
            writer.put(key(number), b"x")?;
            let version = VersionKey(i64::try_from(number / 500).unwrap());
            writer.note_used(version, [&key(number)]);
            if number % 500 == 499 {
                writer.note_committed(version);
                assert_eq!(*records.lock().unwrap(), unsettled);
            }
        }
        Ok(())
    }
}
