//! Adapters of the engine's blob port, [`artifact_store::blobs`].

mod folder;

pub use folder::FolderBlobs;
