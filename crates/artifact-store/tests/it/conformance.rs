//! The contract of the registry and transfer ports.

use registry_conformance::{Fixture, registry_conformance};

use crate::store::Store;

async fn empty_store() -> Fixture {
    let store = Store::new();
    let fixture = store.fixture();
    Fixture::new(fixture.catalog, fixture.transfer, fixture.project, store)
}

registry_conformance!(empty_store);

/// The same with the metadata in memory.
mod in_memory {
    use std::sync::Arc;

    use artifact_store::{Engine, EngineOptions, FolderBlobs};
    use metadata_sql::SqliteMetadata;
    use registry_conformance::{Fixture, registry_conformance};

    use crate::world::project;

    async fn empty_store() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let metadata = SqliteMetadata::in_memory().unwrap();
        let blobs = FolderBlobs::new(folder.path());
        let options = EngineOptions::default();
        let engine = Arc::new(Engine::new(Arc::new(metadata), Arc::new(blobs), options));
        Fixture::new(engine.clone(), engine, project("team/vision"), folder)
    }

    registry_conformance!(empty_store);
}
