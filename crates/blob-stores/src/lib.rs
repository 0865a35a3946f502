//! Adapters of the engine's blob port, [`artifact_store::blobs`]: a folder, and memory.
//!
//! Each runs the rules of `blobs-conformance`, which are the written contract of the port.

mod folder;
mod memory;

pub use folder::FolderBlobs;
pub use memory::MemoryBlobs;
