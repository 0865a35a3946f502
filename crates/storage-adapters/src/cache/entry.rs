//! A verified entry of the cache.

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use super::CacheError;

/// Verified content in the cache, open and at its start.
///
/// The open file was verified; the path may have been replaced by the time it is opened again.
#[derive(Debug)]
pub struct CachedFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl CachedFile {
    pub(super) fn rewound(mut file: File, path: PathBuf, length: u64) -> Result<Self, CacheError> {
        file.rewind().map_err(CacheError::io("read", &path))?;
        Ok(Self { file, path, length })
    }

    /// Returns where the content is, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the length of the content in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.length
    }

    /// Returns the open file. It must not be written to.
    #[must_use]
    pub fn into_file(self) -> File {
        self.file
    }
}

impl io::Read for CachedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}
