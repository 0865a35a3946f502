//! Parts of uploads as files, in one folder for each group.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::layout::{files_in, remove_if_there};
use super::{Folder, FolderBlobs};
use artifact_store::StoreError;
use artifact_store::blobs::{BlobReader, PartDraft, PartId, PartStore};

/// A part that is being written; removed when it is dropped.
struct FilePartDraft {
    folder: Arc<Folder>,
    path: PathBuf,
    file: File,
}

impl PartStore for FolderBlobs {
    fn part_draft(&self) -> Result<Box<dyn PartDraft>, StoreError> {
        let path = self.0.draft_path();
        let file = File::create_new(&path).map_err(StoreError::io("create", &path))?;
        Ok(Box::new(FilePartDraft {
            folder: Arc::clone(&self.0),
            path,
            file,
        }))
    }

    fn open_part(&self, part: &PartId) -> Result<Option<BlobReader>, StoreError> {
        let path = self.0.part_path(part);
        match File::open(&path) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("open", path)(error)),
        }
    }

    fn delete_part(&self, part: &PartId) -> Result<(), StoreError> {
        remove_if_there(&self.0.part_path(part))
    }

    fn delete_part_group(&self, group: i64) -> Result<(), StoreError> {
        let folder = self.0.part_folder(group);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", folder)(error))
            }
            _ => Ok(()),
        }
    }

    fn part_groups(&self) -> Result<Vec<i64>, StoreError> {
        let folders = files_in(&self.0.layout.parts())?;
        let group = |path: &PathBuf| path.file_name()?.to_str()?.parse().ok();
        Ok(folders.iter().filter_map(group).collect())
    }
}

impl Folder {
    fn part_folder(&self, group: i64) -> PathBuf {
        self.layout.parts().join(group.to_string())
    }

    fn part_path(&self, part: &PartId) -> PathBuf {
        let file = format!("{}-{}", part.upload, part.number);
        self.part_folder(part.group).join(file)
    }
}

impl PartDraft for FilePartDraft {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.write_all(bytes);
        written.map_err(StoreError::io("write", &self.path))
    }

    fn keep(self: Box<Self>, part: &PartId) -> Result<(), StoreError> {
        let target = self.folder.part_path(part);
        let flushed = self.file.sync_all();
        flushed.map_err(StoreError::io("flush", &self.path))?;
        let group = self.folder.part_folder(part.group);
        fs::create_dir_all(&group).map_err(StoreError::io("create", &group))?;
        fs::rename(&self.path, &target).map_err(StoreError::io("store", &target))?;
        for folder in [group, self.folder.layout.parts()] {
            flush_folder(&folder).map_err(StoreError::io("flush", folder))?;
        }
        Ok(())
    }
}

impl Drop for FilePartDraft {
    fn drop(&mut self) {
        // A draft that got its final name is no longer there.
        if let Err(error) = remove_if_there(&self.path) {
            tracing::warn!(%error, "a temporary file stays until the next recovery");
        }
    }
}

/// Makes the names in a folder survive a power loss, where folders can be flushed.
fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}
