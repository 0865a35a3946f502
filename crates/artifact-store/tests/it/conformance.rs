//! The contract of the registry and transfer ports, over each kind of store.

use std::sync::Arc;

use artifact_store::{Engine, EngineOptions};
use blob_stores::MemoryBlobs;
use metadata_sql::SqliteMetadata;
use registry_conformance::Fixture;

use crate::store::{Store, fixture_over};

mod folder {
    async fn empty_store() -> registry_conformance::Fixture {
        let store = super::Store::new();
        let fixture = store.fixture();
        let registry = fixture.catalog;
        registry_conformance::Fixture::new(registry, fixture.transfer, fixture.project, store)
    }

    registry_conformance::registry_conformance!(empty_store);
}

mod memory {
    async fn empty_store() -> registry_conformance::Fixture {
        super::in_memory()
    }

    registry_conformance::registry_conformance!(empty_store);
}

/// Returns a store without any files.
fn in_memory() -> Fixture {
    let metadata = SqliteMetadata::in_memory().unwrap();
    let blobs = MemoryBlobs::new();
    let options = EngineOptions::default();
    fixture_over(Engine::new(Arc::new(metadata), Arc::new(blobs), options))
}
