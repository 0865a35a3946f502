//! The cache's copy of a large file, written while the file is hashed: nothing is read or hashed for it a second time.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;

use artifact_core::ContentDigest;
use artifact_core::ports::ContentCache;
use tempfile::NamedTempFile;

/// A file that becomes the cache's, where there is one.
#[derive(Debug, Default)]
pub(super) struct Twin(Mutex<Option<NamedTempFile>>);

impl Twin {
    /// Begins a copy of `original`, for `cache`. None where the cache can share its blocks: that takes no time at all.
    pub(super) fn begin(cache: &dyn ContentCache, original: &Path) -> Self {
        let begun = begin(cache, original).unwrap_or_else(|error| {
            // Then it is kept when it is whole.
            tracing::debug!(original = %original.display(), %error, "no second copy is written");
            None
        });
        Self(Mutex::new(begun))
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(super) const fn of(file: NamedTempFile) -> Self {
        Self(Mutex::new(Some(file)))
    }

    /// Writes the next bytes. A copy that cannot be written is given up.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut file = self.file();
        if let Some(writing) = &mut *file
            && let Err(error) = writing.write_all(bytes)
        {
            tracing::debug!(%error, "the second copy is given up");
            *file = None;
        }
    }

    /// Removes the copy, so that what the caller was to get has its space; says whether there was one.
    pub(super) fn give_up(&self) -> bool {
        self.file().take().is_some()
    }

    /// Gives the copy, which is whole and right, to the cache; says whether there was one.
    pub(super) fn adopt(&self, cache: &dyn ContentCache, digest: &ContentDigest) -> bool {
        let Some(file) = self.file().take() else {
            return false;
        };
        cache.adopt(digest, file.path());
        true
    }

    fn file(&self) -> std::sync::MutexGuard<'_, Option<NamedTempFile>> {
        self.0
            .lock()
            .expect("no thread panics while it holds the copy")
    }
}

fn begin(cache: &dyn ContentCache, original: &Path) -> io::Result<Option<NamedTempFile>> {
    let folder = cache.staging();
    std::fs::create_dir_all(&folder)?;
    let builder = || {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder
    };
    let clone = builder().make_in(&folder, |path| reflink_copy::reflink(original, path));
    if clone.is_ok() {
        return Ok(None);
    }
    builder().tempfile_in(folder).map(Some)
}
