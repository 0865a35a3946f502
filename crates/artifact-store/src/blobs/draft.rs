//! Content in a temporary file, until its key is known.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ContentKey;

use super::BlobDraft;
use super::direct::{self, DirectFile};
use super::folder::BlobFolder;
use crate::StoreError;
use crate::layout::remove_if_there;

/// A file among the drafts; gone when it is dropped.
#[derive(Debug)]
pub(super) struct FileDraft {
    folder: Arc<BlobFolder>,
    path: PathBuf,
    file: File,
    is_clone: bool,
    /// Takes the bytes of a large source past the page cache, where that can be done.
    direct: Option<DirectFile>,
}

impl FileDraft {
    pub(super) fn create(
        folder: &Arc<BlobFolder>,
        source: Option<&File>,
        length: Option<u64>,
    ) -> Result<Self, StoreError> {
        let (path, file) = folder.create_draft()?;
        let is_clone = source.is_some_and(|source| clone_content(source, &file));
        let length = match source {
            Some(source) => source.metadata().ok().map(|it| it.len()),
            None => length,
        };
        let is_large = length.is_some_and(|length| direct::MIN_BYTES <= length);
        let direct = if is_large && !is_clone {
            DirectFile::new(&file)
        } else {
            None
        };
        Ok(Self {
            folder: Arc::clone(folder),
            path,
            file,
            is_clone,
            direct,
        })
    }
}

impl BlobDraft for FileDraft {
    fn clone_of_source(&self) -> Option<&File> {
        self.is_clone.then_some(&self.file)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = match &mut self.direct {
            Some(direct) => direct.append(bytes),
            None => self.file.write_all(bytes),
        };
        written.map_err(StoreError::io("write", &self.path))
    }

    fn place(mut self: Box<Self>, key: &ContentKey) -> Result<(), StoreError> {
        if let Some(direct) = self.direct.take() {
            direct
                .finish()
                .map_err(StoreError::io("write", &self.path))?;
        }
        self.folder.adopt(&self.path, &self.file, key)
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        // A draft that got its final name is not there any more.
        if let Err(error) = remove_if_there(&self.path) {
            tracing::warn!(%error, "a temporary file stays until the next recovery");
        }
    }
}

/// Makes `draft` share the bytes of `source`, where the file system can; says whether it did.
#[cfg(target_os = "linux")]
fn clone_content(source: &File, draft: &File) -> bool {
    rustix::fs::ioctl_ficlone(draft, source).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn clone_content(_source: &File, _draft: &File) -> bool {
    false
}
