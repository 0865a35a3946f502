//! Content in local files, which is read before it is believed.

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
use futures::stream;
use manifest::ContentHasher;

use super::{EntryStream, check_range, index};
use crate::blocking;
use crate::fetch::Download;
use crate::{FlowError, stamp};

/// How many bytes of a local file are read at a time.
const CHUNK: usize = 1 << 20;

/// A local file whose content was verified. It must not be written to.
///
/// While this is there, no clean-up of the cache takes the file away.
#[derive(Debug)]
pub struct VerifiedFile {
    path: PathBuf,
    /// Open for its lock, and for those who read it here.
    file: File,
    size: u64,
}

impl VerifiedFile {
    /// Returns where the file is.
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

/// Local files that were found to be right, and are not read again while they seem to be what they were.
#[derive(Debug, Default)]
pub(super) struct VerifiedFiles(Mutex<HashMap<PathBuf, (ContentDigest, FileStamp)>>);

impl VerifiedFiles {
    /// Opens a local file, and reads it unless it is known to be right. Blocks.
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
        // Before it is looked at: whoever cleans up takes nothing that is held.
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

/// Whether the file is still the one of its name.
#[cfg(unix)]
pub(super) fn is_held(file: &VerifiedFile) -> bool {
    let stamp = |metadata: io::Result<std::fs::Metadata>| metadata.ok().map(|it| stamp::of(&it));
    stamp(file.file.metadata()) == stamp(file.path.symlink_metadata())
}

/// Elsewhere an open file keeps its name.
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

/// Returns a range of a file that was verified.
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

/// Streams a file that was verified.
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
