//! The contract of the registry and transfer ports.

use registry_conformance::{Fixture, registry_conformance};

use crate::store::Store;

async fn empty_store() -> Fixture {
    let store = Store::new();
    let fixture = store.fixture();
    Fixture::new(fixture.catalog, fixture.transfer, fixture.project, store)
}

registry_conformance!(empty_store);
