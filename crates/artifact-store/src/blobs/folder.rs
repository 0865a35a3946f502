//! Blobs as files in a folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifact_core::ContentKey;
use artifact_core::ports::Fetched;

use super::draft::FileDraft;
use super::durability::{Durability, flush_if_alone};
use super::path::blob_path;
use super::{BlobDraft, BlobStore};
use crate::StoreError;
use crate::layout::{StoreLayout, files_in, remove_if_there};

/// Blobs as read-only files, one per blob, named by key.
#[derive(Debug)]
pub(crate) struct FolderBlobs(Arc<BlobFolder>);

/// What blobs and drafts share.
#[derive(Debug)]
pub(super) struct BlobFolder {
    root: PathBuf,
    drafts: PathBuf,
    draft_prefix: String,
    draft_count: AtomicU64,
    durability: Durability,
}

impl FolderBlobs {
    /// Returns the blobs of a store. `draft_prefix` tells this writer's drafts from those of others.
    pub(crate) fn new(layout: &StoreLayout, draft_prefix: String) -> Self {
        Self(Arc::new(BlobFolder {
            root: layout.blobs(),
            drafts: layout.drafts(),
            draft_prefix,
            draft_count: AtomicU64::new(0),
            durability: Durability::default(),
        }))
    }
}

impl BlobFolder {
    /// Opens a new file under a name that nobody else uses.
    pub(super) fn create_draft(&self) -> Result<(PathBuf, File), StoreError> {
        let number = self.draft_count.fetch_add(1, Ordering::Relaxed);
        let path = self.drafts.join(format!("{}-{number}", self.draft_prefix));
        let file = create_read_only(&path).map_err(StoreError::io("create", &path))?;
        Ok((path, file))
    }

    /// Gives a draft its final name.
    pub(super) fn adopt(
        &self,
        draft: &Path,
        file: &File,
        key: &ContentKey,
    ) -> Result<(), StoreError> {
        let target = blob_path(&self.root, key);
        flush_if_alone(file).map_err(StoreError::io("flush", draft))?;
        match in_folder(&target, || rename_to_free_name(draft, &target)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // The file there may be somebody's durable content; an unflushed one in its place would not be.
                file.sync_all().map_err(StoreError::io("flush", draft))?;
                fs::rename(draft, &target).map_err(StoreError::io("store", &target))?;
            }
            other => other.map_err(StoreError::io("store", &target))?,
        }
        self.durability.note_placed();
        Ok(())
    }
}

impl BlobStore for FolderBlobs {
    fn draft(
        &self,
        source: Option<&File>,
        length: Option<u64>,
    ) -> Result<Box<dyn BlobDraft>, StoreError> {
        Ok(Box::new(FileDraft::create(&self.0, source, length)?))
    }

    fn place(&self, key: &ContentKey, bytes: &[u8]) -> Result<(), StoreError> {
        let target = blob_path(&self.0.root, key);
        match in_folder(&target, || create_read_only(&target)) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| flush_if_alone(&file));
                if let Err(error) = written {
                    // Not removed by name: somebody may have put whole content under it meanwhile. Emptying the
                    // file itself frees the space, and recovery removes it.
                    _ = file.set_len(0);
                    return Err(StoreError::io("write", target)(error));
                }
            }
            // Left over, or just being written by another. Equal bytes are whole bytes, whoever wrote them.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !is_equal(&target, bytes).map_err(StoreError::io("read", &target))? {
                    let mut draft = FileDraft::create(&self.0, None, None)?;
                    draft.append(bytes)?;
                    return Box::new(draft).place(key);
                }
            }
            Err(error) => return Err(StoreError::io("create", target)(error)),
        }
        self.0.durability.note_placed();
        Ok(())
    }

    fn holds(&self, key: &ContentKey, size: u64) -> Result<bool, StoreError> {
        let path = blob_path(&self.0.root, key);
        match fs::symlink_metadata(&path) {
            Ok(metadata) => Ok(metadata.is_file() && metadata.len() == size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StoreError::io("look at", path)(error)),
        }
    }

    fn fetch(&self, key: &ContentKey) -> Result<Option<Fetched>, StoreError> {
        let path = blob_path(&self.0.root, key);
        match path.try_exists() {
            Ok(true) => Ok(Some(Fetched::File(path))),
            Ok(false) => Ok(None),
            Err(error) => Err(StoreError::io("look at", path)(error)),
        }
    }

    fn read(&self, key: &ContentKey) -> Result<Box<dyn Read>, StoreError> {
        let path = blob_path(&self.0.root, key);
        let file = File::open(&path).map_err(StoreError::io("open", path))?;
        Ok(Box::new(file))
    }

    fn delete(&self, key: &ContentKey) -> Result<(), StoreError> {
        remove_if_there(&blob_path(&self.0.root, key))
    }

    fn clear_drafts(&self) -> Result<(), StoreError> {
        let drafts = files_in(&self.0.drafts)?;
        drafts.iter().try_for_each(|draft| remove_if_there(draft))
    }

    fn sync(&self) -> Result<(), StoreError> {
        let root = &self.0.root;
        File::open(root)
            .and_then(|folder| self.0.durability.flush(&folder))
            .map_err(StoreError::io("flush", root))
    }
}

/// Creates a file that, once closed, nobody can write to by accident.
fn create_read_only(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o444);
    options.open(path)
}

/// Runs `work`, and once more if the folder of `target` had to be made for it.
fn in_folder<T>(target: &Path, work: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match (work(), target.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            work()
        }
        (result, _) => result,
    }
}

/// Renames, but never over a file.
#[cfg(target_os = "linux")]
fn rename_to_free_name(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;

    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system cannot tell, so nothing may be taken for free.
        Err(Errno::INVAL | Errno::NOSYS) => Err(io::ErrorKind::AlreadyExists.into()),
        other => Ok(other?),
    }
}

/// Renames, but never over a file: without a call that does both, no name is known to be free.
#[cfg(not(target_os = "linux"))]
fn rename_to_free_name(_from: &Path, to: &Path) -> io::Result<()> {
    match to.parent().map(Path::try_exists).transpose()? {
        Some(false) => Err(io::ErrorKind::NotFound.into()),
        _ => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

/// Whether a file holds exactly `bytes`.
fn is_equal(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    const PIECE: usize = 64 << 10;

    let mut file = File::open(path)?;
    if file.metadata()?.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut buffer = vec![0; bytes.len().min(PIECE)];
    for piece in bytes.chunks(PIECE) {
        let read = &mut buffer[..piece.len()];
        match file.read_exact(read) {
            Ok(()) if read == piece => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    // Flushed by whoever wrote it only if that writer got so far.
    flush_if_alone(&file).map(|()| true)
}
