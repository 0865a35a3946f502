//! A writer of content into the cache.

use std::fs::create_dir_all;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use artifact_core::DigestAlgorithm;
use tempfile::NamedTempFile;

use super::layout::{Key, Layout};
use super::{CacheError, CachedFile};
use manifest::ContentHasher;

/// A writer of content for `key`; dropping it leaves nothing behind.
pub(crate) struct CacheWriter {
    key: Key,
    path: PathBuf,
    temporary_folder: PathBuf,
    file: NamedTempFile,
    hasher: ContentHasher,
    written: u64,
}

impl CacheWriter {
    pub(super) fn new(layout: &Layout, key: Key) -> Result<Self, CacheError> {
        let algorithm = match &key {
            Key::Content(digest) => digest.algorithm(),
            Key::Reference { .. } => DigestAlgorithm::Md5,
        };
        let temporary_folder = layout.temporary();
        Ok(Self {
            path: layout.path(&key),
            file: temporary_file(&temporary_folder)?,
            hasher: ContentHasher::new(algorithm),
            written: 0,
            temporary_folder,
            key,
        })
    }

    /// Appends `bytes`. More than the expected length is an error at once.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), CacheError> {
        self.written += bytes.len() as u64;
        match self.key {
            Key::Reference { size, .. } if size < self.written => {
                return Err(self.mismatch(
                    format!("{size} bytes long"),
                    format!("at least {} bytes long", self.written),
                ));
            }
            _ => {}
        }
        self.hasher.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(CacheError::io("write", self.file.path()))
    }

    /// Checks the content and makes it visible.
    pub(crate) fn finish(self) -> Result<CachedFile, CacheError> {
        let Self {
            key,
            path,
            temporary_folder,
            file,
            hasher,
            written,
        } = self;
        let mismatch = |expected, found| CacheError::Mismatch {
            path: path.clone(),
            expected,
            found,
        };
        let found = hasher.finish();
        let folder = path.parent().unwrap_or(&path);
        match key {
            Key::Content(expected) if found != expected => {
                return Err(mismatch(format!("{expected:?}"), format!("{found:?}")));
            }
            Key::Reference { size, .. } if size != written => {
                return Err(mismatch(
                    format!("{size} bytes long"),
                    format!("{written} bytes long"),
                ));
            }
            _ => {}
        }
        create_dir_all(folder).map_err(CacheError::io("create", folder))?;
        if matches!(key, Key::Reference { .. }) {
            // Before the content: a note without content is a miss, but content with an older note would be removed.
            let mut note = temporary_file(&temporary_folder)?;
            note.write_all(found.to_string().as_bytes())
                .map_err(CacheError::io("write", note.path()))?;
            persist(note, &Layout::note(&path))?;
        }
        let file = persist(file, &path)?;
        CachedFile::rewound(file, path, written)
    }

    /// Returns the error for content that ended early.
    pub(crate) fn unreadable(self, source: io::Error) -> CacheError {
        CacheError::Unreadable {
            path: self.path,
            source,
        }
    }

    fn mismatch(&self, expected: String, found: String) -> CacheError {
        CacheError::Mismatch {
            path: self.path.clone(),
            expected,
            found,
        }
    }
}

pub(super) fn temporary_file(folder: &Path) -> Result<NamedTempFile, CacheError> {
    create_dir_all(folder).map_err(CacheError::io("create", folder))?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    builder
        .tempfile_in(folder)
        .map_err(CacheError::io("create a file in", folder))
}

pub(super) fn persist(file: NamedTempFile, path: &Path) -> Result<std::fs::File, CacheError> {
    file.persist(path)
        .map_err(|error| CacheError::io("put in place", path)(error.error))
}
