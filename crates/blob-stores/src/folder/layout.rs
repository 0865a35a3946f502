//! The layout of a store's folder.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use artifact_store::StoreError;

/// The files and folders of one store.
#[derive(Debug, Clone)]
pub(super) struct StoreLayout {
    root: PathBuf,
}

impl StoreLayout {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
        }
    }

    /// The folder of the store.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The blobs, by the SHA-256 of their content.
    pub(super) fn blobs(&self) -> PathBuf {
        self.root.join("blobs").join("sha256")
    }

    /// Content that is still being written.
    pub(super) fn drafts(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Parts of files, until they are put together.
    pub(super) fn parts(&self) -> PathBuf {
        self.root.join("parts")
    }

    /// The journals of writers: which blobs each has placed.
    pub(super) fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// The file that writers lock together, and recovery alone.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Opens the lock file, and creates it where there is none.
    pub(super) fn open_lock(&self) -> Result<File, StoreError> {
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(self.lock());
        opened.map_err(StoreError::io("open", self.lock()))
    }

    /// Creates the folders that do not exist yet. The folder of the store exists: its database is in it.
    pub(super) fn create(&self) -> Result<(), StoreError> {
        for folder in [self.blobs(), self.drafts(), self.parts(), self.sessions()] {
            fs::create_dir_all(&folder).map_err(StoreError::io("create", folder))?;
        }
        Ok(())
    }
}

/// Removes a file that may be gone already.
pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Returns the paths of what a folder holds; none where there is no such folder.
pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let listing = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(StoreError::io("list", folder))?,
    };
    listing
        .map(|item| item.map(|item| item.path()))
        .collect::<io::Result<_>>()
        .map_err(StoreError::io("list", folder))
}
