//! The reference store keeps the contract.

use resolver_conformance::MemoryStore;

async fn memory() -> MemoryStore {
    MemoryStore::new()
}

resolver_conformance::resolver_conformance!(memory);
