//! Reads local files: digests from the stat cache where they are unchanged, else by hashing them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use artifact_core::ports::{BlobTransfer, IngestWriter, TransferError};
use artifact_core::{ContentDigest, ContentKey, DigestAlgorithm, FileStamp};

use crate::hashing::{self, HashTask};
use crate::progress::Running;
use crate::stat_cache::{Remembered, StatCache};
use crate::{FlowError, Phase, Progress, stamp};

/// What is known of a content once it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) digest: ContentDigest,
    pub(super) size: u64,
    /// The key that the registry's store keeps the content under, where it took it.
    pub(super) key: Option<ContentKey>,
}

/// A file to read: an absolute path, and what the file system said of the file.
pub(super) type Stamped<'a> = (&'a Path, &'a FileStamp);

/// Reads `files`, and returns what each holds, in their order.
///
/// With `transfer`, the bytes go to the registry's store in the same read, where it takes them.
pub(super) fn read_files(
    files: &[Stamped<'_>],
    algorithm: DigestAlgorithm,
    transfer: Option<&dyn BlobTransfer>,
    stat_cache: &StatCache,
    progress: &dyn Progress,
) -> Result<Vec<Known>, FlowError> {
    let mut shard = stat_cache.open(&common_folder(files));
    let known: Vec<Option<Known>> = files
        .iter()
        .map(|(path, stamp)| {
            let Remembered { digest, key, .. } = shard.get(path, stamp, algorithm)?;
            Some(Known {
                digest,
                size: stamp.size,
                key,
            })
        })
        .collect();
    let unknown: Vec<usize> = (0..files.len())
        .filter(|index| known[*index].is_none())
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
    let learnt = Mutex::new((known, shard));
    let output = |place: usize,
                  Read {
                      known: content,
                      stamp,
                  }: Read| {
        let index = unknown[place];
        let (known, shard) = &mut *learnt
            .lock()
            .expect("no thread panics while it holds what was learnt");
        known[index] = Some(content);
        shard.remember(
            files[index].0,
            &Remembered {
                stamp,
                digest: content.digest,
                key: content.key,
            },
        );
    };
    let result = hashing::run(tasks, progress, &output);
    drop(running);

    let (known, shard) = learnt
        .into_inner()
        .expect("no thread panics while it holds what was learnt");
    // What was hashed before an error is remembered too, so that the next try need not start over. Without the cache
    // the next log is slower, and nothing else.
    _ = shard.save();
    result?;
    Ok(known
        .into_iter()
        .map(|content| content.expect("every file was remembered or read"))
        .collect())
}

/// Returns the deepest folder that all `files` lie in.
fn common_folder(files: &[Stamped<'_>]) -> PathBuf {
    let mut folders = files.iter().filter_map(|(path, _)| path.parent());
    let Some(mut common) = folders.next() else {
        return PathBuf::new();
    };
    for folder in folders {
        while !folder.starts_with(common) {
            let Some(parent) = common.parent() else {
                return PathBuf::new();
            };
            common = parent;
        }
    }
    common.to_owned()
}

/// One file to hash, and to store where the registry takes it.
struct ReadTask<'a> {
    path: &'a Path,
    size_hint: u64,
    algorithm: DigestAlgorithm,
    transfer: Option<&'a dyn BlobTransfer>,
    /// The file itself, and its stamp before it was read; the bytes may come from a clone of it.
    source: Option<(File, FileStamp)>,
    writer: Option<Box<dyn IngestWriter>>,
}

/// What reading a file gave.
struct Read {
    known: Known,
    stamp: FileStamp,
}

impl<'a> ReadTask<'a> {
    const fn new(
        (path, stamp): Stamped<'a>,
        algorithm: DigestAlgorithm,
        transfer: Option<&'a dyn BlobTransfer>,
    ) -> Self {
        Self {
            path,
            size_hint: stamp.size,
            algorithm,
            transfer,
            source: None,
            writer: None,
        }
    }

    fn moved(&self, source: TransferError) -> FlowError {
        FlowError::Transfer {
            path: self.path.display().to_string(),
            source,
        }
    }

    /// Checks that the file is still the one that was opened, and returns its stamp.
    fn unchanged(&self, size: u64) -> Result<FileStamp, FlowError> {
        let (source, before) = self
            .source
            .as_ref()
            .expect("a task is opened before it ends");
        let after = stamp::of(
            &source
                .metadata()
                .map_err(|source| self.read_failed(source))?,
        );
        if after != *before || after.size != size {
            return Err(FlowError::Changed {
                path: self.path.to_owned(),
            });
        }
        Ok(after)
    }
}

impl HashTask for ReadTask<'_> {
    type Output = Read;
    type Error = FlowError;

    fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    fn size_hint(&self) -> u64 {
        self.size_hint
    }

    fn open(&mut self, is_whole: bool) -> Result<File, FlowError> {
        let open = || {
            let file = File::open(self.path)?;
            let stamp = stamp::of(&file.metadata()?);
            Ok((file.try_clone()?, file, stamp))
        };
        let (mut readable, source, stamp) = open().map_err(|error| self.read_failed(error))?;
        if let Some(transfer) = self.transfer.filter(|_| !is_whole) {
            self.writer = transfer
                .ingest(&source)
                .map_err(|error| self.moved(error))?;
            if let Some(clone) = self
                .writer
                .as_ref()
                .and_then(|writer| writer.clone_of_source())
            {
                readable = clone.try_clone().map_err(|error| self.read_failed(error))?;
            }
        }
        self.source = Some((source, stamp));
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
        _readable: File,
        size: u64,
        digest: ContentDigest,
    ) -> Result<Read, FlowError> {
        let stamp = self.unchanged(size)?;
        let key = self
            .writer
            .take()
            .map(IngestWriter::finish)
            .transpose()
            .map_err(|error| self.moved(error))?;
        Ok(Read {
            known: Known { digest, size, key },
            stamp,
        })
    }

    fn take_whole(
        self,
        _readable: File,
        bytes: &[u8],
        digest: ContentDigest,
    ) -> Result<Read, FlowError> {
        let size = bytes.len() as u64;
        let stamp = self.unchanged(size)?;
        let ingested = self
            .transfer
            .map(|transfer| transfer.ingest_bytes(bytes))
            .transpose();
        let key = ingested.map_err(|error| self.moved(error))?.flatten();
        Ok(Read {
            known: Known { digest, size, key },
            stamp,
        })
    }

    fn read_failed(&self, source: std::io::Error) -> FlowError {
        FlowError::Read {
            path: self.path.to_owned(),
            source,
        }
    }
}
