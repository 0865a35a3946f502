//! The cache as the port for fetched content.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use artifact_core::ContentDigest;
use artifact_core::ports::ContentCache;

use super::layout::Key;
use super::{Cache, CacheError, discard};
use crate::blocking::Abandoned;

impl ContentCache for Cache {
    fn find(&self, digest: &ContentDigest) -> Option<PathBuf> {
        let path = self.layout.path(&Key::Content(*digest));
        // Not what a link leads to: nobody but the cache says what is in it.
        path.symlink_metadata().ok()?.is_file().then_some(path)
    }

    fn keep(&self, digest: &ContentDigest, file: &Path) {
        if let Err(error) = self.keep_file(digest, file) {
            tracing::warn!(file = %file.display(), %error, "the cache does not keep a file");
        }
    }

    fn distrust(&self, digest: &ContentDigest) {
        let path = self.layout.path(&Key::Content(*digest));
        tracing::warn!(path = %path.display(), "removing a wrong cache entry");
        discard(&path);
    }
}

impl Cache {
    fn keep_file(&self, digest: &ContentDigest, file: &Path) -> Result<(), CacheError> {
        let target = self.layout.path(&Key::Content(*digest));
        let length = |path: &Path| path.symlink_metadata().map(|metadata| metadata.len());
        // Whoever finds the one that is there to be wrong distrusts it first.
        if length(&target).ok() == length(file).ok() {
            return Ok(());
        }
        if self.can_clone.load(Ordering::Relaxed) {
            match self.clone_file(file, &target) {
                Ok(()) => return Ok(()),
                Err(_) => self.can_clone.store(false, Ordering::Relaxed),
            }
        }
        let mut content = File::open(file).map_err(CacheError::io("read", file))?;
        self.put(Key::Content(*digest), &mut content, &Abandoned::default())?;
        Ok(())
    }

    /// Shares the blocks of `file`, so that nothing is copied and nothing can change in between.
    fn clone_file(&self, file: &Path, target: &Path) -> io::Result<()> {
        let temporary = self.layout.temporary();
        fs::create_dir_all(&temporary)?;
        let clone = tempfile::Builder::new()
            .make_in(&temporary, |path| reflink_copy::reflink(file, path))?;
        fs::create_dir_all(target.parent().unwrap_or(target))?;
        clone.persist(target)?;
        Ok(())
    }
}
