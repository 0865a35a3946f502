//! Reads local files to log: digests of unchanged files come from the stat cache, other files are hashed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use artifact_core::ports::{BlobTransfer, IngestWriter, TransferError};
use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, FileStamp};

use crate::hashing::{self, HashTask};
use crate::progress::Running;
use crate::stat_cache::{StatCache, StatEntry, StatShard};
use crate::{FlowError, Phase, Progress, parallel, stamp};

const SEPARATOR: &[u8] = std::path::MAIN_SEPARATOR_STR.as_bytes();

/// Digest and size of a content.
#[derive(Debug, Clone, Copy)]
pub(super) struct HashedContent {
    pub(super) digest: ContentDigest,
    pub(super) size: u64,
    /// The content key under which the registry's store ingested it, if it did.
    pub(super) key: Option<ContentKey>,
}

/// A file to read: its absolute path, and its stamp.
pub(super) type Stamped<'a> = (&'a Path, &'a FileStamp);

/// Reads `files`, and returns the digest of each, in their order.
///
/// With `transfer`, a local store ingests the bytes in the same pass. Without `stat_cache`, every file is read.
pub(super) fn read_files(
    files: &[Stamped<'_>],
    algorithm: DigestAlgorithm,
    transfer: Option<&dyn BlobTransfer>,
    stat_cache: Option<&StatCache>,
    progress: &dyn Progress,
) -> Result<Vec<HashedContent>, FlowError> {
    let shard = stat_cache.map(|cache| cache.open(&common_folder(files)));
    let hashed = match &shard {
        Some(shard) => cached_digests(files, algorithm, shard),
        None => vec![None; files.len()],
    };
    let unknown: Vec<usize> = (0..files.len())
        .filter(|index| hashed[*index].is_none())
        .collect();
    let bytes = unknown.iter().map(|index| files[*index].1.size).sum();
    let tasks = unknown
        .iter()
        .map(|index| ReadTask::new(files[*index], algorithm, transfer))
        .collect();

    let running = Running::start(
        progress,
        Phase::Hash,
        Some(unknown.len() as u64),
        Some(bytes),
    );
    let results = Mutex::new((hashed, shard));
    let output = |index: usize, content: HashedContent| {
        let index = unknown[index];
        let (path, stamp) = files[index];
        let (hashed, shard) = &mut *results
            .lock()
            .expect("no thread panics while it holds what was learnt");
        hashed[index] = Some(content);
        let remembered = StatEntry {
            stamp: *stamp,
            digest: content.digest,
            key: content.key,
        };
        if let Some(shard) = shard {
            shard.remember(path, &remembered);
        }
    };
    let result = hashing::run(tasks, progress, &output);
    drop(running);

    let (hashed, shard) = results
        .into_inner()
        .expect("no thread panics while it holds what was learnt");
    // Digests computed before an error are saved, too, so that the next attempt need not start over. If the stat cache
    // cannot be written the next log is slower, nothing more.
    _ = shard.map(StatShard::save);
    result?;
    Ok(hashed
        .into_iter()
        .map(|content| content.expect("every file was remembered or read"))
        .collect())
}

/// Returns the current stamp of each file.
pub(super) fn stamps<'a>(
    files: impl Iterator<Item = &'a PathBuf>,
) -> Result<Vec<FileStamp>, FlowError> {
    let stamps = files.map(|path| match std::fs::metadata(path) {
        Ok(metadata) => Ok(stamp::of(&metadata)),
        Err(source) => Err(FlowError::Read {
            path: path.clone(),
            source,
        }),
    });
    stamps.collect()
}

/// Returns the cached digest of each of `files`.
fn cached_digests(
    files: &[Stamped<'_>],
    algorithm: DigestAlgorithm,
    shard: &StatShard,
) -> Vec<Option<HashedContent>> {
    let parts = parallel::map_parts(files, |part| {
        let mut lookup = shard.lookup();
        let hashed = part.iter().map(|(path, stamp)| {
            let StatEntry { digest, key, .. } = lookup.get(path, stamp, algorithm)?;
            Some(HashedContent {
                digest,
                size: stamp.size,
                key,
            })
        });
        hashed.collect::<Vec<_>>()
    });
    parallel::joined(parts)
}

/// Returns the deepest folder that contains all `files`.
fn common_folder(files: &[Stamped<'_>]) -> PathBuf {
    let mut paths = files.iter().map(|(path, _)| *path);
    let Some(mut common) = paths.next().and_then(Path::parent) else {
        return PathBuf::new();
    };
    for path in paths {
        // Comparing bytes is faster than comparing paths, and nearly every file lies in the folder found so far.
        let text = path.as_os_str().as_encoded_bytes();
        let inner = text.strip_prefix(common.as_os_str().as_encoded_bytes());
        if inner.is_some_and(|inner| inner.starts_with(SEPARATOR)) {
            continue;
        }
        while !path.starts_with(common) {
            let Some(parent) = common.parent() else {
                return PathBuf::new();
            };
            common = parent;
        }
    }
    common.to_owned()
}

/// A file to hash, and to ingest if the registry's store is local.
pub(super) struct ReadTask<'a> {
    path: &'a Path,
    /// The file's stamp when it was added.
    stamp: &'a FileStamp,
    algorithm: DigestAlgorithm,
    transfer: Option<&'a dyn BlobTransfer>,
    /// The file itself, if a clone of it is read instead.
    original: Option<File>,
    writer: Option<Box<dyn IngestWriter>>,
}

impl<'a> ReadTask<'a> {
    pub(super) const fn new(
        (path, stamp): Stamped<'a>,
        algorithm: DigestAlgorithm,
        transfer: Option<&'a dyn BlobTransfer>,
    ) -> Self {
        Self {
            path,
            stamp,
            algorithm,
            transfer,
            original: None,
            writer: None,
        }
    }

    fn moved(&self, source: TransferError) -> FlowError {
        FlowError::Transfer {
            path: self.path.display().to_string(),
            source,
        }
    }

    /// Fails if `file` changed since it was added.
    fn check_unchanged(&self, file: &File) -> Result<(), FlowError> {
        let metadata = file.metadata().map_err(|source| self.read_failed(source))?;
        if stamp::of(&metadata) == *self.stamp {
            return Ok(());
        }
        Err(FlowError::Changed {
            path: self.path.to_owned(),
        })
    }

    /// Fails if the file changed since it was added, or `size` bytes were not all of it.
    fn check_read(&self, readable: &File, size: u64) -> Result<(), FlowError> {
        self.check_unchanged(self.original.as_ref().unwrap_or(readable))?;
        if size == self.stamp.size {
            return Ok(());
        }
        Err(FlowError::Changed {
            path: self.path.to_owned(),
        })
    }
}

impl HashTask for ReadTask<'_> {
    type Output = HashedContent;
    type Error = FlowError;

    fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    fn size_hint(&self) -> u64 {
        self.stamp.size
    }

    fn open(&mut self, is_whole: bool) -> Result<File, FlowError> {
        let file = File::open(self.path).map_err(|error| self.read_failed(error))?;
        self.check_unchanged(&file)?;
        let Some(transfer) = self.transfer.filter(|_| !is_whole) else {
            return Ok(file);
        };
        self.writer = transfer.ingest(&file).map_err(|error| self.moved(error))?;
        let Some(clone) = self
            .writer
            .as_ref()
            .and_then(|writer| writer.clone_of_source())
        else {
            return Ok(file);
        };
        let readable = clone.try_clone().map_err(|error| self.read_failed(error))?;
        self.original = Some(file);
        Ok(readable)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), FlowError> {
        match &mut self.writer {
            Some(writer) => writer.write(bytes).map_err(|error| self.moved(error)),
            None => Ok(()),
        }
    }

    fn finish(
        mut self,
        readable: File,
        size: u64,
        digest: ContentDigest,
    ) -> Result<HashedContent, FlowError> {
        self.check_read(&readable, size)?;
        let key = self
            .writer
            .take()
            .map(IngestWriter::finish)
            .transpose()
            .map_err(|error| self.moved(error))?;
        Ok(HashedContent { digest, size, key })
    }

    fn take_whole(
        self,
        readable: File,
        bytes: &[u8],
        digest: ContentDigest,
    ) -> Result<HashedContent, FlowError> {
        let size = bytes.len() as u64;
        self.check_read(&readable, size)?;
        let ingested = self
            .transfer
            .map(|transfer| transfer.ingest_bytes(bytes))
            .transpose();
        let key = ingested.map_err(|error| self.moved(error))?.flatten();
        Ok(HashedContent { digest, size, key })
    }

    fn read_failed(&self, source: std::io::Error) -> FlowError {
        FlowError::Read {
            path: self.path.to_owned(),
            source,
        }
    }
}
