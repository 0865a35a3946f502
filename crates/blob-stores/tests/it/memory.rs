//! The store in memory.

use std::sync::Arc;

use blob_stores::MemoryBlobs;
use blobs_conformance::Fixture;

fn memory() -> Fixture {
    let store = MemoryBlobs::new();
    Fixture::new(move || Arc::new(store.clone()))
}

blobs_conformance::blobs_conformance!(memory);
