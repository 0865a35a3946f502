//! Parts of files, as files, until they are put together.
//!
//! A part under its name is whole and durable; whether it still counts is in the database. All parts of a version lie
//! in one folder, which goes with the version's end.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::StoreError;
use crate::layout::{StoreLayout, files_in, remove_if_there};
use crate::metadata::{PartsKey, VersionKey};

/// Where the parts of files are.
#[derive(Debug)]
pub(crate) struct PartFiles {
    root: PathBuf,
    drafts: PathBuf,
    draft_prefix: String,
    draft_count: AtomicU64,
}

/// The name of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartName {
    pub(crate) version: VersionKey,
    pub(crate) upload: PartsKey,
    pub(crate) number: u32,
}

/// A part that is being written; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct PartDraft {
    path: PathBuf,
    file: File,
}

impl PartFiles {
    /// Returns the parts of a store. `draft_prefix` tells this writer's drafts from those of others.
    pub(crate) fn new(layout: &StoreLayout, draft_prefix: &str) -> Self {
        Self {
            root: layout.parts(),
            drafts: layout.drafts(),
            draft_prefix: format!("{draft_prefix}-part"),
            draft_count: AtomicU64::new(0),
        }
    }

    /// Opens a new file for the bytes of a part.
    pub(crate) fn draft(&self) -> Result<PartDraft, StoreError> {
        let number = self.draft_count.fetch_add(1, Ordering::Relaxed);
        let path = self.drafts.join(format!("{}-{number}", self.draft_prefix));
        let file = File::create_new(&path).map_err(StoreError::io("create", &path))?;
        Ok(PartDraft { path, file })
    }

    /// Gives a part its name, in place of an earlier one; it is durable when this returns.
    pub(crate) fn keep(&self, draft: &PartDraft, name: &PartName) -> Result<(), StoreError> {
        let target = self.path(name);
        let flushed = draft.file.sync_all();
        flushed.map_err(StoreError::io("flush", &draft.path))?;
        let folder = self.folder(name.version);
        fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder))?;
        fs::rename(&draft.path, &target).map_err(StoreError::io("store", &target))?;
        for folder in [&folder, &self.root] {
            flush_folder(folder).map_err(StoreError::io("flush", folder))?;
        }
        Ok(())
    }

    /// Opens a part; `None` where it has not come.
    pub(crate) fn open(&self, name: &PartName) -> Result<Option<File>, StoreError> {
        let path = self.path(name);
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("open", path)(error)),
        }
    }

    /// Removes a part, if it is there.
    pub(crate) fn remove(&self, name: &PartName) -> Result<(), StoreError> {
        remove_if_there(&self.path(name))
    }

    /// Removes all parts of a version, if there are any.
    pub(crate) fn remove_version(&self, version: VersionKey) -> Result<(), StoreError> {
        let folder = self.folder(version);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", folder)(error))
            }
            _ => Ok(()),
        }
    }

    /// Returns the versions that have parts.
    pub(crate) fn versions(&self) -> Result<Vec<VersionKey>, StoreError> {
        let folders = files_in(&self.root)?;
        let name = |path: &PathBuf| path.file_name()?.to_str()?.parse().ok();
        Ok(folders.iter().filter_map(name).map(VersionKey).collect())
    }

    fn folder(&self, version: VersionKey) -> PathBuf {
        self.root.join(version.0.to_string())
    }

    fn path(&self, name: &PartName) -> PathBuf {
        let file = format!("{}-{}", name.upload.0, name.number);
        self.folder(name.version).join(file)
    }
}

impl PartDraft {
    /// Appends `bytes`.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.write_all(bytes);
        written.map_err(StoreError::io("write", &self.path))
    }
}

impl Drop for PartDraft {
    fn drop(&mut self) {
        // A draft that got its final name is not there any more.
        if let Err(error) = remove_if_there(&self.path) {
            tracing::warn!(%error, "a temporary file stays until the next recovery");
        }
    }
}

/// Makes the names in a folder last, where folders can be flushed.
fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}
