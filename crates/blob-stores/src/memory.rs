//! A blob store in memory, for tests and for stores that need not outlive the process.

use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read as _};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use artifact_core::ContentKey;
use artifact_store::StoreError;
use artifact_store::blobs::{
    BlobDraft, BlobReader, BlobRef, BlobStore, BlobWriter, DirectUrls, ListedBlob, LocalContent,
    LocalDrafts, PartDraft, PartId, PartStore, Place, Recovery, RecoveryFn, UnusedFn,
    WriterRegistry,
};

type Content = Arc<[u8]>;

/// A blob store in memory. Clones share their content; it has no files.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs(Arc<Memory>);

#[derive(Debug, Default)]
struct Memory {
    content: Mutex<BTreeMap<Place, Content>>,
    parts: Mutex<BTreeMap<(i64, i64, u32), Content>>,
    /// The number of registered writers. Locked while recovery runs.
    writers: Mutex<usize>,
    orphans: Mutex<Orphans>,
}

/// Content that may be an orphan, by the writer that recorded it.
#[derive(Debug, Default)]
struct Orphans {
    next_writer: u64,
    by_writer: BTreeMap<u64, HashSet<BlobRef>>,
}

/// A registered writer; dropping it unregisters it.
#[derive(Debug)]
struct MemoryWriter {
    memory: Arc<Memory>,
    id: u64,
}

impl MemoryBlobs {
    /// Returns an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Memory {
    fn put(&self, key: &ContentKey, bytes: &[u8]) -> Place {
        let place = Place::of_content(key);
        lock(&self.content).insert(place.clone(), bytes.into());
        place
    }

    fn record(&self, writer: u64, blob: BlobRef) {
        let mut orphans = lock(&self.orphans);
        orphans.by_writer.entry(writer).or_default().insert(blob);
    }

    fn add_writer(&self, records: impl Iterator<Item = BlobRef>) -> u64 {
        let mut orphans = lock(&self.orphans);
        orphans.next_writer += 1;
        let id = orphans.next_writer;
        orphans.by_writer.insert(id, records.collect());
        id
    }
}

impl BlobStore for MemoryBlobs {
    fn barrier(&self) -> Result<(), StoreError> {
        // Nothing in memory survives a power loss, neither what was committed nor what was not.
        Ok(())
    }

    fn size(&self, place: &Place) -> Result<Option<u64>, StoreError> {
        let content = lock(&self.0.content);
        Ok(content.get(place).map(|content| content.len() as u64))
    }

    fn get(&self, place: &Place, range: Range<u64>) -> Result<Option<BlobReader>, StoreError> {
        let Some(content) = lock(&self.0.content).get(place).cloned() else {
            return Ok(None);
        };
        let mut reader = Cursor::new(content);
        reader.set_position(range.start);
        let length = range.end.saturating_sub(range.start);
        Ok(Some(Box::new(reader.take(length))))
    }

    fn list(
        &self,
        prefix: &str,
        each: &mut dyn FnMut(ListedBlob) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let content = lock(&self.0.content);
        let listed = content
            .iter()
            .filter(|(place, _)| place.as_str().starts_with(prefix))
            .map(|(place, content)| ListedBlob::new(place.clone(), content.len() as u64));
        let listed: Vec<_> = listed.collect();
        // `each` may use the store.
        drop(content);
        listed.into_iter().try_for_each(each)
    }

    fn delete(&self, places: &[Place]) -> Result<(), StoreError> {
        let mut content = lock(&self.0.content);
        for place in places {
            content.remove(place);
        }
        Ok(())
    }

    fn direct(&self) -> Option<&dyn DirectUrls> {
        None
    }

    fn local(&self) -> Option<&dyn LocalContent> {
        None
    }
}

impl PartStore for MemoryBlobs {
    fn part_draft(&self) -> Result<Box<dyn PartDraft>, StoreError> {
        Ok(Box::new(MemoryPartDraft {
            memory: Arc::clone(&self.0),
            bytes: Vec::new(),
        }))
    }

    fn open_part(&self, part: &PartId) -> Result<Option<BlobReader>, StoreError> {
        let content = lock(&self.0.parts).get(&part_key(part)).cloned();
        Ok(content.map(|content| Box::new(Cursor::new(content)) as BlobReader))
    }

    fn delete_part(&self, part: &PartId) -> Result<(), StoreError> {
        lock(&self.0.parts).remove(&part_key(part));
        Ok(())
    }

    fn delete_part_group(&self, group: i64) -> Result<(), StoreError> {
        lock(&self.0.parts).retain(|(other, ..), _| *other != group);
        Ok(())
    }

    fn part_groups(&self) -> Result<Vec<i64>, StoreError> {
        let parts = lock(&self.0.parts);
        let mut groups: Vec<_> = parts.keys().map(|(group, ..)| *group).collect();
        groups.dedup();
        Ok(groups)
    }
}

impl WriterRegistry for MemoryBlobs {
    fn register_writer(
        &self,
        recover: &mut RecoveryFn<'_>,
    ) -> Result<Box<dyn BlobWriter>, StoreError> {
        let mut writers = lock(&self.0.writers);
        if *writers == 0 {
            recover(self)?;
        }
        *writers += 1;
        Ok(Box::new(MemoryWriter {
            memory: Arc::clone(&self.0),
            id: self.0.add_writer(std::iter::empty()),
        }))
    }

    fn recover_if_unused(&self, recover: &mut RecoveryFn<'_>) -> Result<bool, StoreError> {
        let writers = lock(&self.0.writers);
        let is_unused = *writers == 0;
        if is_unused {
            recover(self)?;
        }
        Ok(is_unused)
    }

    fn record_orphans(&self, blobs: &[BlobRef]) -> Result<(), StoreError> {
        self.0.add_writer(blobs.iter().cloned());
        Ok(())
    }
}

impl Recovery for MemoryBlobs {
    fn delete_drafts(&self) -> Result<(), StoreError> {
        // Drafts are not kept here until they are put.
        Ok(())
    }

    fn free_orphans(&self, unused: &mut UnusedFn<'_>) -> Result<u64, StoreError> {
        let recorded: Vec<_> = {
            let orphans = lock(&self.0.orphans);
            let by_writer = orphans.by_writer.iter();
            by_writer.map(|(id, blobs)| (*id, blobs.clone())).collect()
        };
        let mut freed = 0;
        for (_, blobs) in &recorded {
            let blobs: Vec<_> = blobs.iter().cloned().collect();
            let places = unused(&blobs)?;
            self.delete(&places)?;
            freed += places.len() as u64;
        }
        let mut orphans = lock(&self.0.orphans);
        for (id, _) in &recorded {
            orphans.by_writer.remove(id);
        }
        Ok(freed)
    }
}

impl BlobWriter for MemoryWriter {
    fn draft(&self, _size_hint: Option<u64>) -> Result<Box<dyn BlobDraft>, StoreError> {
        Ok(Box::new(MemoryDraft {
            memory: Arc::clone(&self.memory),
            writer: self.id,
            bytes: Vec::new(),
        }))
    }

    fn put(&self, key: &ContentKey, bytes: &[u8]) -> Result<Place, StoreError> {
        self.memory.record(self.id, BlobRef::of_content(*key));
        Ok(self.memory.put(key, bytes))
    }

    fn local(&self) -> Option<&dyn LocalDrafts> {
        None
    }

    fn record_orphan(&self, blob: &BlobRef) -> Result<(), StoreError> {
        self.memory.record(self.id, blob.clone());
        Ok(())
    }

    fn compact(&self, unsettled: &mut dyn FnMut() -> Vec<ContentKey>) -> Result<(), StoreError> {
        let mut orphans = lock(&self.memory.orphans);
        let unsettled: HashSet<_> = unsettled().into_iter().collect();
        let records = orphans.by_writer.entry(self.id).or_default();
        records.retain(|blob| unsettled.contains(&blob.key));
        Ok(())
    }

    fn leave(
        self: Box<Self>,
        is_settled: bool,
        recover: &mut RecoveryFn<'_>,
    ) -> Result<(), StoreError> {
        let store = MemoryBlobs(Arc::clone(&self.memory));
        if is_settled {
            lock(&self.memory.orphans).by_writer.remove(&self.id);
            return Ok(());
        }
        drop(self);
        store.recover_if_unused(recover).map(drop)
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        *lock(&self.memory.writers) -= 1;
    }
}

struct MemoryDraft {
    memory: Arc<Memory>,
    writer: u64,
    bytes: Vec<u8>,
}

impl BlobDraft for MemoryDraft {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn put(self: Box<Self>, key: &ContentKey) -> Result<Place, StoreError> {
        self.memory.record(self.writer, BlobRef::of_content(*key));
        Ok(self.memory.put(key, &self.bytes))
    }
}

struct MemoryPartDraft {
    memory: Arc<Memory>,
    bytes: Vec<u8>,
}

impl PartDraft for MemoryPartDraft {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn keep(self: Box<Self>, part: &PartId) -> Result<(), StoreError> {
        lock(&self.memory.parts).insert(part_key(part), self.bytes.into());
        Ok(())
    }
}

const fn part_key(part: &PartId) -> (i64, i64, u32) {
    (part.group, part.upload, part.number)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
