//! Content that is written to a temporary file, and gets its final name once its key is known.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::ContentKey;

use super::direct_io::{self, DirectFile};
use super::durability::flush_if_alone;
use super::layout::remove_if_there;
use super::writer::WriterState;
use super::{Folder, create_read_only};
use artifact_store::StoreError;
use artifact_store::blobs::{BlobDraft, LocalDraft, Place};

/// A file among the drafts; removed when it is dropped.
#[derive(Debug)]
pub(super) struct FileDraft {
    writer: Arc<WriterState>,
    path: PathBuf,
    file: File,
    /// Takes the bytes of large content past the page cache, where that can be done.
    direct: Option<DirectFile>,
}

impl FileDraft {
    pub(super) fn create(
        writer: &Arc<WriterState>,
        size_hint: Option<u64>,
    ) -> Result<Self, StoreError> {
        let path = writer.folder.draft_path();
        let file = create_read_only(&path).map_err(StoreError::io("create", &path))?;
        let is_large = size_hint.is_some_and(|size| direct_io::MIN_BYTES <= size);
        Ok(Self {
            writer: Arc::clone(writer),
            direct: is_large.then(|| DirectFile::new(&file)).flatten(),
            path,
            file,
        })
    }

    /// Returns a draft that is a clone of `source`; `None` where the file system cannot clone it.
    pub(super) fn clone_of(
        writer: &Arc<WriterState>,
        source: &File,
    ) -> Result<Option<Self>, StoreError> {
        let path = writer.folder.draft_path();
        if reflink_copy::reflink_file_to_path(source, &path).is_err() {
            return Ok(None);
        }
        let opened = make_read_only(&path).and_then(|()| File::open(&path));
        let file = match opened {
            Ok(file) => file,
            Err(error) => {
                remove_if_there(&path)?;
                return Err(StoreError::io("open", path)(error));
            }
        };
        Ok(Some(Self {
            writer: Arc::clone(writer),
            path,
            file,
            direct: None,
        }))
    }

    fn store(mut self, key: &ContentKey) -> Result<Place, StoreError> {
        if let Some(direct) = self.direct.take() {
            let finished = direct.finish();
            finished.map_err(StoreError::io("write", &self.path))?;
        }
        self.writer.journal.append(key)?;
        self.rename_to(&Place::of_content(key))
    }

    /// Gives the draft its final name.
    fn rename_to(&self, place: &Place) -> Result<Place, StoreError> {
        let folder = &self.writer.folder;
        let target = target(folder, place);
        flush_if_alone(&self.file).map_err(StoreError::io("flush", &self.path))?;
        match in_folder(&target, || rename_to_free_name(&self.path, &target)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // The file there may be durable content of another version; an unflushed one in its place would not be.
                let flushed = self.file.sync_all();
                flushed.map_err(StoreError::io("flush", &self.path))?;
                fs::rename(&self.path, &target).map_err(StoreError::io("store", &target))?;
            }
            other => other.map_err(StoreError::io("store", &target))?,
        }
        folder.durability.note_put();
        Ok(place.clone())
    }
}

impl BlobDraft for FileDraft {
    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = match &mut self.direct {
            Some(direct) => direct.append(bytes),
            None => self.file.write_all(bytes),
        };
        written.map_err(StoreError::io("write", &self.path))
    }

    fn put(self: Box<Self>, key: &ContentKey) -> Result<Place, StoreError> {
        self.store(key)
    }
}

impl LocalDraft for FileDraft {
    fn file(&self) -> &File {
        &self.file
    }

    fn put(self: Box<Self>, key: &ContentKey) -> Result<Place, StoreError> {
        self.store(key)
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        // A draft that got its final name is no longer there.
        if let Err(error) = remove_if_there(&self.path) {
            tracing::warn!(%error, "a temporary file stays until the next recovery");
        }
    }
}

/// Stores `bytes` at once, without a draft where nothing has their name yet.
pub(super) fn put_bytes(
    writer: &Arc<WriterState>,
    key: &ContentKey,
    bytes: &[u8],
) -> Result<Place, StoreError> {
    writer.journal.append(key)?;
    let place = Place::of_content(key);
    let target = target(&writer.folder, &place);
    match in_folder(&target, || create_read_only(&target)) {
        Ok(mut file) => {
            let written = file.write_all(bytes).and_then(|()| flush_if_alone(&file));
            if let Err(error) = written {
                // Not removed by name: another writer may have renamed whole content to it meanwhile. Emptying the
                // file itself frees the space, and recovery removes it.
                _ = file.set_len(0);
                return Err(StoreError::io("write", target)(error));
            }
        }
        // Left over, or just being written by another writer. Equal bytes are whole bytes, whoever wrote them.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !is_equal(&target, bytes).map_err(StoreError::io("read", &target))? {
                let mut draft = FileDraft::create(writer, None)?;
                draft.append(bytes)?;
                return draft.rename_to(&place);
            }
        }
        Err(error) => return Err(StoreError::io("create", target)(error)),
    }
    writer.folder.durability.note_put();
    Ok(place)
}

fn target(folder: &Folder, place: &Place) -> PathBuf {
    folder
        .path(place)
        .expect("a place that is named by its content has a file")
}

fn make_read_only(path: &Path) -> io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o444);
    #[cfg(not(unix))]
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions)
}

/// Runs `work`, and once more if the folder of `target` had to be created for it.
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
        // The file system cannot tell, so no name is known to be free.
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
    // The writer that wrote it flushes it only if it gets that far.
    flush_if_alone(&file).map(|()| true)
}
