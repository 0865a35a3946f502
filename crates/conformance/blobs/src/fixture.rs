//! An adapter under test.

use std::fmt;
use std::io::Read as _;
use std::ops::Range;
use std::sync::Arc;

use artifact_core::ContentKey;
use artifact_store::StoreError;
use artifact_store::blobs::{BlobRef, BlobStore, BlobWriter, Place, Recovery};
use sha2::{Digest as _, Sha256};

/// An empty store, which can be opened any number of times.
pub struct Fixture {
    open: Box<dyn Fn() -> Arc<dyn BlobStore> + Send + Sync>,
}

impl Fixture {
    /// Returns the fixture of a store that `open` opens; it opens the same one at every call.
    #[must_use]
    pub fn new<S: BlobStore>(open: impl Fn() -> Arc<S> + Send + Sync + 'static) -> Self {
        Self {
            open: Box::new(move || open()),
        }
    }

    /// Opens the store once more, as another process would.
    #[must_use]
    pub fn open(&self) -> Arc<dyn BlobStore> {
        (self.open)()
    }

    /// Opens the store, and registers a writer that recovers nothing.
    pub(crate) fn writer(&self) -> (Arc<dyn BlobStore>, Box<dyn BlobWriter>) {
        let store = self.open();
        let writer = store.register_writer(&mut no_recovery).unwrap();
        (store, writer)
    }

    /// Returns the blobs that a recovery is told of, and deletes none of them.
    pub(crate) fn possible_orphans(&self) -> Vec<BlobRef> {
        let mut reported = Vec::new();
        let ran = self.open().recover_if_unused(&mut |store| {
            store.free_orphans(&mut |blobs| {
                reported.extend_from_slice(blobs);
                Ok(Vec::new())
            })?;
            Ok(())
        });
        assert!(ran.unwrap(), "a writer is registered");
        reported
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fixture(..)")
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the type of a recovery")]
pub(crate) fn no_recovery(_: &dyn Recovery) -> Result<(), StoreError> {
    Ok(())
}

/// Returns `length` bytes that differ by `seed`.
pub(crate) fn bytes(seed: u8, length: usize) -> Vec<u8> {
    let byte = |n: usize| n.to_le_bytes()[0] ^ n.to_le_bytes()[1].wrapping_mul(31) ^ seed;
    (0..length).map(byte).collect()
}

pub(crate) fn key_of(bytes: &[u8]) -> ContentKey {
    ContentKey::from_bytes(Sha256::digest(bytes).into())
}

/// Puts bytes without a draft.
pub(crate) fn put(writer: &dyn BlobWriter, bytes: &[u8]) -> Place {
    writer.put(&key_of(bytes), bytes).unwrap()
}

/// Puts bytes through a draft, in pieces of `piece` bytes.
pub(crate) fn put_draft(
    writer: &dyn BlobWriter,
    bytes: &[u8],
    piece: usize,
    size_hint: Option<u64>,
) -> Place {
    let mut draft = writer.draft(size_hint).unwrap();
    for piece in bytes.chunks(piece) {
        draft.append(piece).unwrap();
    }
    draft.put(&key_of(bytes)).unwrap()
}

pub(crate) fn read(store: &dyn BlobStore, place: &Place, range: Range<u64>) -> Option<Vec<u8>> {
    let mut reader = store.get(place, range).unwrap()?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

pub(crate) fn read_all(store: &dyn BlobStore, place: &Place) -> Option<Vec<u8>> {
    read(store, place, 0..u64::MAX)
}

/// Lists the places with a prefix, sorted, and their sizes.
pub(crate) fn list(store: &dyn BlobStore, prefix: &str) -> Vec<(Place, u64)> {
    let mut listed = Vec::new();
    let done = store.list(prefix, &mut |blob| {
        listed.push((blob.place, blob.size));
        Ok(())
    });
    done.unwrap();
    listed.sort();
    listed
}
