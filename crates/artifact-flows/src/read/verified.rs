//! Verified content: local files, and streams that are verified at their end.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use artifact_core::ports::TransferError;
use artifact_core::{ContentDigest, FileStamp, LogicalPath};
use bytes::Bytes;
use futures::{TryStreamExt as _, stream};
use manifest::ContentHasher;

use super::{EntryStream, check_range, index};
use crate::fetch::{Download, DownloadFailure, ResumableStream, collect};
use crate::{FlowError, blocking, stamp};

/// Bytes read from a local file at a time.
const CHUNK: usize = 1 << 20;

/// A local file with verified content. It must not be written to.
///
/// The cache does not remove the file while this value exists.
#[derive(Debug)]
pub struct VerifiedFile {
    path: PathBuf,
    /// Open for its lock and for reading.
    file: File,
    size: u64,
}

impl VerifiedFile {
    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its length in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the open file, for reading only.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }
}

/// Local files that were verified; they are read again only when their stamp changes.
#[derive(Debug, Default)]
pub(super) struct VerifiedFiles(Mutex<HashMap<PathBuf, (ContentDigest, FileStamp)>>);

impl VerifiedFiles {
    /// Opens a local file, and verifies it unless it is known to be intact. Blocks.
    pub(super) fn verify(
        &self,
        download: &Download,
        path: &Path,
    ) -> Result<VerifiedFile, FlowError> {
        let unreadable = |source: io::Error| {
            download.transfer_error(TransferError::Backend {
                place: path.display().to_string(),
                source: source.into(),
            })
        };
        let mut file = File::open(path).map_err(unreadable)?;
        // Before reading its metadata: cache eviction skips locked files.
        _ = file.try_lock_shared();
        let before = stamp::of(&file.metadata().map_err(unreadable)?);
        let verified = |file| VerifiedFile {
            path: path.to_owned(),
            file,
            size: before.size,
        };
        let Some(digest) = download.digest else {
            download.verify(before.size, None)?;
            return Ok(verified(file));
        };
        if self.all().get(path) == Some(&(digest, before)) {
            return Ok(verified(file));
        }
        let mut hasher = ContentHasher::new(digest.algorithm());
        let mut chunk = vec![0; CHUNK];
        let mut size = 0;
        loop {
            let length = file.read(&mut chunk).map_err(unreadable)?;
            if length == 0 {
                break;
            }
            hasher.update(&chunk[..length]);
            size += length as u64;
        }
        download.verify(size, Some(hasher.finish()))?;
        file.rewind().map_err(unreadable)?;
        let after = stamp::of(&file.metadata().map_err(unreadable)?);
        if before == after && !after.is_racy(now()) {
            self.all().insert(path.to_owned(), (digest, after));
        }
        Ok(verified(file))
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (ContentDigest, FileStamp)>> {
        self.0
            .lock()
            .expect("no thread panics while it holds what is known")
    }
}

/// Whether the path still names this file.
#[cfg(unix)]
pub(super) fn is_held(file: &VerifiedFile) -> bool {
    let stamp = |metadata: io::Result<std::fs::Metadata>| metadata.ok().map(|it| stamp::of(&it));
    stamp(file.file.metadata()) == stamp(file.path.symlink_metadata())
}

/// An open file keeps its name elsewhere.
#[cfg(not(unix))]
pub(super) const fn is_held(_file: &VerifiedFile) -> bool {
    true
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}

/// Returns a range of a verified file.
pub(super) async fn part_of_file(
    path: &LogicalPath,
    file: VerifiedFile,
    range: Range<u64>,
) -> Result<Bytes, FlowError> {
    check_range(path, &range, file.size)?;
    let read = move || {
        let mut part = vec![0; index(range.end - range.start)];
        let mut source = &file.file;
        source.seek(io::SeekFrom::Start(range.start))?;
        source.read_exact(&mut part)?;
        Ok((file, part))
    };
    let read = blocking::run(read).await;
    let (_, part) = read.map_err(|source: io::Error| FlowError::Transfer {
        path: path.to_string(),
        source: TransferError::Backend {
            place: "a local file".to_owned(),
            source: source.into(),
        },
    })?;
    Ok(part.into())
}

/// Streams a verified file.
pub(super) fn of_file(file: VerifiedFile) -> EntryStream {
    let left = file.size;
    Box::pin(stream::try_unfold(
        (file, left),
        |(file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let read = move || {
                let length = index(left).min(CHUNK);
                let mut chunk = vec![0; length];
                match (&file.file).read_exact(&mut chunk) {
                    Ok(()) => Ok((Bytes::from(chunk), (file, left - length as u64))),
                    Err(source) => Err(FlowError::Read {
                        path: file.path.clone(),
                        source,
                    }),
                }
            };
            blocking::run(read).await.map(Some)
        },
    ))
}

/// Returns the whole content, verified.
pub(super) async fn verified_content(
    download: &Download,
    stream: Box<ResumableStream>,
) -> Result<Bytes, DownloadFailure> {
    let content = collect(download, stream).await?;
    let digest = download.digest;
    let digest = digest.map(|digest| ContentHasher::digest(digest.algorithm(), &content));
    download
        .verify(content.len() as u64, digest)
        .map_err(DownloadFailure::Retryable)?;
    Ok(content.into())
}

/// Returns all bytes of a ranged stream.
pub(super) async fn all_of(mut stream: Box<ResumableStream>) -> Result<Bytes, FlowError> {
    let mut content = Vec::new();
    while let Some(chunk) = stream.next().await? {
        content.extend_from_slice(&chunk);
    }
    Ok(content.into())
}

/// Reads content to its end, verifies it, and returns a range of it.
pub(super) async fn part_of_stream(
    download: Download,
    stream: Box<ResumableStream>,
    range: Range<u64>,
) -> Result<Bytes, FlowError> {
    let path = download.path.clone();
    let mut at = 0;
    let mut part = Vec::new();
    let mut chunks = checked(download, stream);
    while let Some(chunk) = chunks.try_next().await? {
        let end = at + chunk.len() as u64;
        let from = range.start.clamp(at, end) - at;
        let to = range.end.clamp(at, end) - at;
        part.extend_from_slice(&chunk[index(from)..index(to)]);
        at = end;
    }
    check_range(&path, &range, at)?;
    Ok(part.into())
}

/// Streams content, and holds its last chunk back until all of it is verified.
pub(super) fn checked(download: Download, stream: Box<ResumableStream>) -> EntryStream {
    struct State {
        download: Download,
        stream: Box<ResumableStream>,
        hasher: Option<ContentHasher>,
        size: u64,
        held: Option<Bytes>,
    }
    let state = State {
        hasher: download
            .digest
            .map(|digest| ContentHasher::new(digest.algorithm())),
        download,
        stream,
        size: 0,
        held: None,
    };
    Box::pin(stream::try_unfold(Some(state), |state| async move {
        let Some(mut state) = state else {
            return Ok(None);
        };
        loop {
            let Some(chunk) = state.stream.next().await? else {
                let digest = state.hasher.take().map(ContentHasher::finish);
                state.download.verify(state.size, digest)?;
                return Ok(state.held.take().map(|last| (last, None)));
            };
            if let Some(hasher) = &mut state.hasher {
                hasher.update(&chunk);
            }
            state.size += chunk.len() as u64;
            if let Some(next) = state.held.replace(chunk) {
                return Ok(Some((next, Some(state))));
            }
        }
    }))
}
