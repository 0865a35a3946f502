//! Writes, verifies and places files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use artifact_core::ports::{Fetched as Source, TransferError};
use artifact_core::{ContentDigest, DigestAlgorithm, LogicalPath};
use futures::StreamExt as _;

use super::Sourced;
use super::staging::Staging;
use crate::hashing::{self, HashTask};
use crate::stamp;
use crate::stat_cache::{Remembered, StatShard};
use crate::{Flow, FlowError};

/// Returns where the entry at `path` belongs in `root`.
pub(crate) fn local_path(root: &Path, path: &LogicalPath) -> PathBuf {
    root.join(path.as_str())
}

/// Makes `root` and the folders in it that `paths` need; never through a symbolic link.
pub(super) fn make_folders<'a>(
    root: &Path,
    paths: impl Iterator<Item = &'a LogicalPath>,
) -> Result<(), FlowError> {
    let write = |path: &Path, source| FlowError::Write {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(root).map_err(|source| write(root, source))?;
    // Sorted, so that a folder comes before the folders in it.
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

/// How much was placed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Placed {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Files being placed in one folder.
#[derive(Debug)]
pub(super) struct Placement<'a> {
    root: &'a Path,
    flow: &'a Flow,
    staging: Staging,
    shard: Mutex<StatShard>,
    /// The modification time that every file gets. It lies in the past, so that any later write shows.
    modified: SystemTime,
    /// Whether the file system clones files; tried until it says no.
    can_clone: AtomicBool,
}

impl<'a> Placement<'a> {
    pub(super) fn begin(
        root: &'a Path,
        flow: &'a Flow,
        modified: SystemTime,
    ) -> Result<Self, FlowError> {
        let staging = Staging::open(root).map_err(|source| FlowError::Write {
            path: root.join(super::STAGING_FOLDER),
            source,
        })?;
        let shard = Mutex::new(flow.stat_cache.open(root));
        Ok(Self {
            root,
            flow,
            staging,
            shard,
            modified,
            can_clone: AtomicBool::new(true),
        })
    }

    /// Places every entry of `sources`.
    pub(super) async fn place(&self, sources: Vec<Sourced<'_>>) -> Result<Placed, FlowError> {
        let mut placed = Placed::default();
        let mut tasks = Vec::with_capacity(sources.len());
        for (path, entry, source) in sources {
            let file = match source {
                Source::File(file) => file,
                Source::Stream(chunks) => self.receive(path, chunks).await?,
                other => {
                    let place = format!("{other:?}");
                    return Err(FlowError::Transfer {
                        path: path.to_string(),
                        source: TransferError::ForeignTicket { place },
                    });
                }
            };
            placed.files += 1;
            tasks.push(PlaceTask {
                placement: self,
                path,
                expected: entry.digest.content().copied(),
                expected_size: entry.size,
                source: file,
                staged: self.staging.next_path(),
                target: None,
            });
        }
        let bytes = AtomicU64::new(0);
        hashing::run(tasks, &*self.flow.progress, &|_, size| {
            bytes.fetch_add(size, Ordering::Relaxed);
        })?;
        placed.bytes = bytes.into_inner();
        Ok(placed)
    }

    /// Writes a stream down, so that it can be verified like any other file.
    async fn receive(
        &self,
        path: &LogicalPath,
        mut chunks: artifact_core::ports::ByteStream,
    ) -> Result<PathBuf, FlowError> {
        let staged = self.staging.next_path();
        let write = |source| FlowError::Write {
            path: local_path(self.root, path),
            source,
        };
        let mut file = File::create(&staged).map_err(write)?;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|source| FlowError::Transfer {
                path: path.to_string(),
                source,
            })?;
            file.write_all(&chunk).map_err(write)?;
        }
        Ok(staged)
    }

    /// Remembers what was placed.
    pub(super) fn end(self) {
        // Without the cache the next fetch is slower, and nothing else.
        _ = self
            .shard
            .into_inner()
            .expect("no thread panics while it holds the cache")
            .save();
    }

    /// Gives the verified file at `staged` its name.
    fn reveal(
        &self,
        path: &LogicalPath,
        staged: &Path,
        file: &File,
        digest: Option<ContentDigest>,
    ) -> std::io::Result<()> {
        file.set_modified(self.modified)?;
        let target = local_path(self.root, path);
        fs::rename(staged, &target)?;
        if let Some(digest) = digest {
            let stamp = stamp::of(&file.metadata()?);
            let remembered = Remembered {
                stamp,
                digest,
                key: None,
            };
            let mut shard = self
                .shard
                .lock()
                .expect("no thread panics while it holds the cache");
            shard.remember_own(&target, &remembered);
        }
        Ok(())
    }
}

/// One file to place.
struct PlaceTask<'a> {
    placement: &'a Placement<'a>,
    path: &'a LogicalPath,
    expected: Option<ContentDigest>,
    expected_size: Option<u64>,
    source: PathBuf,
    staged: PathBuf,
    /// The staged file, where the bytes have to be written to it.
    target: Option<File>,
}

impl PlaceTask<'_> {
    fn write_failed(&self, source: std::io::Error) -> FlowError {
        FlowError::Write {
            path: local_path(self.placement.root, self.path),
            source,
        }
    }

    /// Returns the staged clone of the source, where the file system can make one.
    fn clone_source(&self) -> Option<File> {
        let can_clone = &self.placement.can_clone;
        if !can_clone.load(Ordering::Relaxed) {
            return None;
        }
        let cloned = reflink_copy::reflink(&self.source, &self.staged);
        let file = cloned
            .and_then(|()| make_writable(&self.staged))
            .and_then(|()| File::open(&self.staged));
        can_clone.store(file.is_ok(), Ordering::Relaxed);
        file.ok()
    }

    fn check(&self, size: u64, digest: ContentDigest) -> Result<(), FlowError> {
        let damaged = |expected: String, found: String| FlowError::Damaged {
            path: self.path.clone(),
            expected,
            found,
        };
        match (self.expected, self.expected_size) {
            (Some(expected), _) if expected != digest => {
                Err(damaged(expected.to_string(), digest.to_string()))
            }
            (_, Some(expected)) if expected != size => Err(damaged(
                format!("{expected} bytes"),
                format!("{size} bytes"),
            )),
            _ => Ok(()),
        }
    }
}

/// Lets the owner write to a file whose source was read-only.
fn make_writable(path: &Path) -> std::io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    #[cfg(not(unix))]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)
}

impl HashTask for PlaceTask<'_> {
    /// The bytes that were placed.
    type Output = u64;
    type Error = FlowError;

    fn algorithm(&self) -> DigestAlgorithm {
        self.expected
            .map_or_else(DigestAlgorithm::default, |digest| digest.algorithm())
    }

    fn size_hint(&self) -> u64 {
        self.expected_size.unwrap_or_default()
    }

    fn open(&mut self, is_whole: bool) -> Result<File, FlowError> {
        if !is_whole {
            if let Some(clone) = self.clone_source() {
                return Ok(clone);
            }
            self.target =
                Some(File::create(&self.staged).map_err(|source| self.write_failed(source))?);
        }
        File::open(&self.source).map_err(|source| self.read_failed(source))
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), FlowError> {
        match &mut self.target {
            Some(target) => target
                .write_all(bytes)
                .map_err(|source| self.write_failed(source)),
            None => Ok(()),
        }
    }

    fn finish(self, file: File, size: u64, digest: ContentDigest) -> Result<u64, FlowError> {
        self.check(size, digest)?;
        let staged = self.target.as_ref().unwrap_or(&file);
        let digest = self.expected.map(|_| digest);
        self.placement
            .reveal(self.path, &self.staged, staged, digest)
            .map_err(|source| self.write_failed(source))?;
        Ok(size)
    }

    fn take_whole(
        mut self,
        file: File,
        bytes: &[u8],
        digest: ContentDigest,
    ) -> Result<u64, FlowError> {
        self.check(bytes.len() as u64, digest)?;
        self.target = Some(File::create(&self.staged).map_err(|source| self.write_failed(source))?);
        self.take(bytes)?;
        self.finish(file, bytes.len() as u64, digest)
    }

    fn read_failed(&self, source: std::io::Error) -> FlowError {
        FlowError::Transfer {
            path: self.path.to_string(),
            source: TransferError::Backend {
                place: self.source.display().to_string(),
                source: source.into(),
            },
        }
    }
}
