//! The `ContentCache` port.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use artifact_core::ContentDigest;
use artifact_core::ports::ContentCache;

use super::layout::Key;
use super::writer::{persist, temporary_file};
use super::{Cache, CacheError, discard, usage};
use crate::blocking::Abandoned;

impl ContentCache for Cache {
    fn find(&self, digest: &ContentDigest) -> Option<PathBuf> {
        let path = self.layout.path(&Key::Content(*digest));
        // Links are not followed: only the cache decides its content.
        let metadata = path.symlink_metadata().ok()?;
        if !metadata.is_file() {
            return None;
        }
        usage::note_use(&path, &metadata);
        Some(path)
    }

    fn keep(&self, digest: &ContentDigest, file: &Path) {
        if let Err(error) = self.keep_file(digest, file) {
            tracing::warn!(file = %file.display(), %error, "the cache does not keep a file");
        }
    }

    fn keep_bytes(&self, digest: &ContentDigest, content: &[u8]) {
        if let Err(error) = self.keep_content(digest, content) {
            tracing::warn!(%digest, %error, "the cache does not keep content");
        }
    }

    fn adopt(&self, digest: &ContentDigest, file: &Path) {
        if self.take_over(digest, file).is_err() {
            self.keep(digest, file);
        }
    }

    fn staging(&self) -> PathBuf {
        self.layout.staging()
    }

    fn distrust(&self, digest: &ContentDigest) {
        let path = self.layout.path(&Key::Content(*digest));
        tracing::warn!(path = %path.display(), "removing a damaged cache entry");
        discard(&path);
    }
}

impl Cache {
    fn keep_file(&self, digest: &ContentDigest, file: &Path) -> Result<(), CacheError> {
        let target = self.layout.path(&Key::Content(*digest));
        let length = |path: &Path| path.symlink_metadata().map(|metadata| metadata.len());
        // Whoever finds the one that is there to be wrong distrusts it first.
        let (there, wanted) = (length(&target).ok(), length(file).ok());
        if there == wanted {
            return Ok(());
        }
        if self.can_clone.load(Ordering::Relaxed) {
            match self.clone_file(file, &target) {
                Ok(()) => {
                    self.grew(wanted.unwrap_or_default());
                    return Ok(());
                }
                Err(_) => self.can_clone.store(false, Ordering::Relaxed),
            }
        }
        let mut content = File::open(file).map_err(CacheError::io("read", file))?;
        self.put(Key::Content(*digest), &mut content, &Abandoned::default())?;
        Ok(())
    }

    fn keep_content(&self, digest: &ContentDigest, content: &[u8]) -> Result<(), CacheError> {
        let target = self.layout.path(&Key::Content(*digest));
        let length = content.len() as u64;
        let there = target.symlink_metadata();
        if there.is_ok_and(|metadata| metadata.is_file() && metadata.len() == length) {
            return Ok(());
        }
        let mut file = temporary_file(&self.layout.temporary())?;
        file.write_all(content)
            .map_err(CacheError::io("write", file.path()))?;
        let folder = target.parent().unwrap_or(&target);
        fs::create_dir_all(folder).map_err(CacheError::io("create", folder))?;
        persist(file, &target)?;
        self.grew(length);
        Ok(())
    }

    /// Installs `file` as the entry.
    fn take_over(&self, digest: &ContentDigest, file: &Path) -> io::Result<()> {
        let target = self.layout.path(&Key::Content(*digest));
        fs::create_dir_all(target.parent().unwrap_or(&target))?;
        fs::rename(file, &target)?;
        self.grew(target.symlink_metadata()?.len());
        Ok(())
    }

    /// Clones `file` (reflink), so that nothing is copied and nothing can change in between.
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
