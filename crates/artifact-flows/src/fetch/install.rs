//! Gives verified files their final names, and the cache its copies.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use artifact_core::ports::ContentCache;
use artifact_core::{ContentDigest, LogicalPath};
use tempfile::NamedTempFile;
use tokio_util::task::TaskTracker;

use super::EntryOptions;
use super::download::{Download, Origin};
use super::staging::{self, StagingFolder};
use crate::stat_cache::{StatEntry, StatShard};
use crate::{Flow, FlowError, stamp};

/// Returns the local path of an entry in `root`.
pub(crate) fn local_path(root: &Path, path: &LogicalPath) -> PathBuf {
    root.join(path.as_str())
}

/// Creates the folders that `paths` need in `root`; never through a symbolic link.
pub(crate) fn make_folders<'a>(
    root: &Path,
    paths: impl Iterator<Item = &'a LogicalPath>,
) -> Result<(), FlowError> {
    let write = |path: &Path, source| FlowError::Write {
        path: path.to_owned(),
        source,
    };
    // Sorted, so that a folder comes before its subfolders.
    let folders: BTreeSet<&str> = paths.flat_map(LogicalPath::ancestors).collect();
    for folder in folders {
        let folder = root.join(folder);
        match folder.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => return Err(FlowError::Link { path: folder }),
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(write(&folder, std::io::ErrorKind::NotADirectory.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                match fs::create_dir(&folder) {
                    Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                        return Err(write(&folder, error));
                    }
                    _ => {}
                }
            }
            Err(error) => return Err(write(&folder, error)),
        }
    }
    Ok(())
}

/// Installs files into one folder.
#[derive(Debug)]
pub(super) struct Installer {
    root: PathBuf,
    pub(super) flow: Flow,
    /// Tracks blocking work, so that it can be awaited when the download is cancelled.
    pub(super) tracker: TaskTracker,
    staging: Arc<StagingFolder>,
    /// Stat cache of the installed files.
    shard: Mutex<Option<StatShard>>,
    /// Modification time of every installed file. It lies in the past, so that any later write shows.
    modified: SystemTime,
    /// Whether downloaded content is stored in the cache.
    fills_cache: bool,
    /// Whether the file system can clone files; assumed until a clone fails.
    pub(super) can_clone: AtomicBool,
    /// Whether installing was stopped, because the caller is gone.
    is_stopped: AtomicBool,
}

impl Installer {
    /// Opens the staging folder and the stat cache of `root`.
    pub(super) fn begin(
        root: &Path,
        flow: &Flow,
        modified: SystemTime,
        options: &EntryOptions<'_>,
    ) -> Result<Self, FlowError> {
        let staging = match &options.budget.staging {
            Some(shared) => shared.open(root),
            None => StagingFolder::open(root).map(Arc::new),
        };
        let staging = staging.map_err(|source| FlowError::Write {
            path: root.join(super::STAGING_FOLDER),
            source,
        })?;
        Ok(Self {
            root: root.to_owned(),
            flow: flow.clone(),
            tracker: TaskTracker::new(),
            staging,
            shard: Mutex::new(Some(flow.stat_cache.open(root))),
            modified,
            fills_cache: options.fills_cache,
            can_clone: AtomicBool::new(true),
            is_stopped: AtomicBool::new(false),
        })
    }

    /// Returns the path of a new staged file; it does not exist yet.
    pub(super) fn new_staged_path(&self) -> PathBuf {
        self.staging.next_path()
    }

    /// Returns the folder of resume files, which survive the process.
    pub(super) fn resume_folder(&self) -> PathBuf {
        staging::resume_folder(&self.root)
    }

    pub(super) fn write_error(&self, path: &LogicalPath, source: std::io::Error) -> FlowError {
        FlowError::Write {
            path: local_path(&self.root, path),
            source,
        }
    }

    /// Stores the verified file at `staged` in the cache, and gives it its final name.
    pub(super) fn install(
        &self,
        download: &Download,
        staged: &Path,
        file: &File,
    ) -> std::io::Result<()> {
        // Before the file has its name: no other process can write to it yet.
        if let Some((cache, digest)) = self.cache_for(download) {
            cache.keep(digest, staged);
        }
        self.rename_into_place(&download.path, staged, file, download.digest)
    }

    /// Begins the cache's copy of the file at `original`; an empty one if the cache stores none of this download.
    pub(super) fn begin_cache_copy(&self, download: &Download, original: &Path) -> CacheCopy {
        self.cache_for(download)
            .map_or_else(CacheCopy::default, |(cache, _)| {
                CacheCopy::begin(cache, original)
            })
    }

    /// As [`install`](Self::install), with `copy` as the cache's file, if it still exists.
    pub(super) fn install_with_copy(
        &self,
        download: &Download,
        staged: &Path,
        file: &File,
        cache_copy: &CacheCopy,
    ) -> std::io::Result<()> {
        if let Some((cache, digest)) = self.cache_for(download)
            && cache_copy.adopt(cache, digest)
        {
            return self.rename_into_place(&download.path, staged, file, download.digest);
        }
        self.install(download, staged, file)
    }

    /// As [`install`](Self::install), with the content in memory.
    pub(super) fn install_bytes(
        &self,
        download: &Download,
        staged: &Path,
        file: &File,
        content: &[u8],
    ) -> std::io::Result<()> {
        if let Some((cache, digest)) = self.cache_for(download) {
            cache.keep_bytes(digest, content);
        }
        self.rename_into_place(&download.path, staged, file, download.digest)
    }

    /// Returns the cache and the digest of the content, if this download is to be stored there.
    fn cache_for<'a>(
        &'a self,
        download: &'a Download,
    ) -> Option<(&'a dyn ContentCache, &'a ContentDigest)> {
        match (&self.flow.cache, &download.digest, &download.origin) {
            (Some(cache), Some(digest), Origin::Stored(_)) if self.fills_cache => {
                Some((&**cache, digest))
            }
            _ => None,
        }
    }

    /// Gives the verified file at `staged` its final name.
    pub(super) fn rename_into_place(
        &self,
        path: &LogicalPath,
        staged: &Path,
        file: &File,
        digest: Option<ContentDigest>,
    ) -> std::io::Result<()> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("the download was stopped"));
        }
        file.set_modified(self.modified)?;
        let target = local_path(&self.root, path);
        fs::rename(staged, &target)?;
        self.flow.progress.advance(1, 0);
        if let Some(digest) = digest {
            let stamp = stamp::of(&file.metadata()?);
            let remembered = StatEntry {
                stamp,
                digest,
                key: None,
            };
            if let Some(shard) = &mut *self.shard() {
                shard.remember_own(&target, &remembered);
            }
        }
        Ok(())
    }

    /// Stops installing files.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Saves the stat cache, whether all files were installed or not.
    pub(super) fn end(&self) {
        if let Some(shard) = self.shard().take() {
            // Without the stat cache the next download is slower, nothing more.
            _ = shard.save();
        }
    }

    fn shard(&self) -> std::sync::MutexGuard<'_, Option<StatShard>> {
        self.shard
            .lock()
            .expect("no thread panics while it holds the cache")
    }
}

impl Drop for Installer {
    fn drop(&mut self) {
        // The download was cancelled.
        self.end();
    }
}

/// The cache's copy of a large file, written while the file is hashed, so that it need not be read or hashed a second
/// time.
#[derive(Debug, Default)]
pub(super) struct CacheCopy(Mutex<Option<NamedTempFile>>);

impl CacheCopy {
    /// Begins a copy of `original`. Empty if the cache can clone the file, which takes no time.
    pub(super) fn begin(cache: &dyn ContentCache, original: &Path) -> Self {
        let begun = begin_copy(cache, original).unwrap_or_else(|error| {
            // The file is copied into the cache when it is complete.
            tracing::debug!(original = %original.display(), %error, "no cache copy is written");
            None
        });
        Self(Mutex::new(begun))
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(super) const fn of(file: NamedTempFile) -> Self {
        Self(Mutex::new(Some(file)))
    }

    /// Writes the next bytes. A copy that cannot be written is abandoned.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut file = self.file();
        if let Some(writing) = &mut *file
            && let Err(error) = writing.write_all(bytes)
        {
            tracing::debug!(%error, "the cache copy is abandoned");
            *file = None;
        }
    }

    /// Removes the copy to free its space for the caller's file; returns whether there was one.
    pub(super) fn abandon(&self) -> bool {
        self.file().take().is_some()
    }

    /// Moves the complete, verified copy into the cache; returns whether there was one.
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

fn begin_copy(cache: &dyn ContentCache, original: &Path) -> io::Result<Option<NamedTempFile>> {
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
