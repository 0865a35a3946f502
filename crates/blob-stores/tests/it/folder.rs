//! The store in a folder.

use std::sync::Arc;

use blob_stores::FolderBlobs;
use blobs_conformance::Fixture;

fn folder() -> Fixture {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    Fixture::new(move || Arc::new(FolderBlobs::new(folder.path())))
}

blobs_conformance::blobs_conformance!(folder);
