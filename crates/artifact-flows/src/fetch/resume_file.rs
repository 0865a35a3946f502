//! Half files that outlive their process.
//!
//! A large file arrives in pieces, in any order, into one file of its full length. Beside it lies a record of the pieces
//! that are there. Both are named by the content's digest, so that any later process finds them; the half file itself is
//! locked by whoever works on it, and whoever comes second downloads on its own.
//!
//! The record is only a hint. A line of it counts when it is whole, and a piece when its bytes are those that the line
//! describes: so neither a torn line nor a piece that never reached the disk does harm. Before the file appears, all of
//! it is verified against its digest like any other.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;

use super::install::CacheCopy;
use super::record;

/// The folder of half files, beside the folders of processes.
pub(super) const FOLDER: &str = "half";

/// How long a half file is kept that nobody works on.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Which content a half file is of, and how it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PieceLayout {
    pub(super) digest: ContentDigest,
    pub(super) size: u64,
    pub(super) piece: u64,
}

impl PieceLayout {
    fn count(&self) -> usize {
        usize::try_from(self.size.div_ceil(self.piece)).unwrap_or(usize::MAX)
    }

    /// Returns where the piece at `index` lies.
    fn range(&self, index: usize) -> Range<u64> {
        let start = index as u64 * self.piece;
        start..(start + self.piece).min(self.size)
    }
}

/// Returns the name of the half file of content.
pub(crate) fn name(digest: &ContentDigest) -> String {
    use std::fmt::Write;
    let mut name = format!("{}-", digest.algorithm().as_str());
    for byte in digest.bytes() {
        write!(name, "{byte:02x}").expect("a string takes any text");
    }
    name
}

/// A half file that is this process's to work on.
#[derive(Debug)]
pub(super) struct ResumeFile {
    pub(super) layout: PieceLayout,
    pub(super) path: PathBuf,
    /// Held open for its lock.
    file: File,
    /// Held by who writes: file systems let one in at a time, and those who wait there wait busily.
    turn: Mutex<()>,
    pieces: Mutex<Pieces>,
}

#[derive(Debug)]
struct Pieces {
    is_there: Vec<bool>,
    /// How many of the first pieces are there without a gap.
    leading: usize,
    /// What is written of them; `None` where nobody will look for it.
    record: Option<File>,
}

impl Pieces {
    fn add(&mut self, index: usize) {
        self.is_there[index] = true;
        while self.is_there.get(self.leading) == Some(&true) {
            self.leading += 1;
        }
    }
}

impl ResumeFile {
    /// Takes up a half file that an earlier process left, unless somebody else is at work on it.
    pub(super) fn resume(folder: &Path, layout: PieceLayout) -> Option<Self> {
        let path = folder.join(name(&layout.digest));
        let mut file = File::options().read(true).write(true).open(&path).ok()?;
        if !is_ours(&file, &path) || file.metadata().ok()?.len() != layout.size {
            return None;
        }
        let mut pieces = Pieces {
            is_there: vec![false; layout.count()],
            leading: 0,
            record: None,
        };
        let record = fs::read(record_path(&path)).unwrap_or_default();
        let mut lines = String::new();
        for (index, digest) in record::read(&record, &layout) {
            if index < layout.count()
                && digest_at(&mut file, layout.range(index)).is_ok_and(|found| found == digest)
            {
                pieces.add(index);
                lines += &record::context(index, &digest);
            }
        }
        // Written anew, since more can only be appended to whole lines.
        pieces.record = record::begin(&record_path(&path), &layout, &lines).ok();
        Some(Self {
            layout,
            path,
            file,
            turn: Mutex::default(),
            pieces: Mutex::new(pieces),
        })
    }

    /// Begins a half file; where somebody else works on one of this content, in `own` instead of in `folder`.
    pub(super) fn begin(folder: &Path, layout: PieceLayout, own: &Path) -> io::Result<Self> {
        let shared = Self::claim(folder, &layout);
        let is_shared = shared.is_some();
        let (path, file) = match shared {
            Some(shared) => shared,
            None => (own.to_owned(), new_file(own)?),
        };
        file.set_len(0)?;
        file.set_len(layout.size)?;
        let record = if is_shared {
            record::begin(&record_path(&path), &layout, "").ok()
        } else {
            None
        };
        let pieces = Pieces {
            is_there: vec![false; layout.count()],
            leading: 0,
            record,
        };
        Ok(Self {
            layout,
            path,
            file,
            turn: Mutex::default(),
            pieces: Mutex::new(pieces),
        })
    }

    /// Makes or takes the file of this name, and locks it.
    fn claim(folder: &Path, layout: &PieceLayout) -> Option<(PathBuf, File)> {
        /// Whoever ends takes the empty folder away, so a try may be in vain.
        const TRIES: usize = 10;
        let path = folder.join(name(&layout.digest));
        for _ in 0..TRIES {
            fs::create_dir_all(folder).ok()?;
            if !folder.symlink_metadata().ok()?.is_dir() {
                return None;
            }
            match new_file(&path) {
                Ok(file) => return is_ours(&file, &path).then_some((path, file)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// Returns what is missing.
    pub(super) fn missing(&self) -> Vec<Range<u64>> {
        let pieces = self.pieces();
        let mut missing: Vec<Range<u64>> = Vec::new();
        for (index, _) in pieces
            .is_there
            .iter()
            .enumerate()
            .filter(|(_, there)| !**there)
        {
            let range = self.layout.range(index);
            match missing.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => missing.push(range),
            }
        }
        missing
    }

    /// Returns how far the file is there without a gap.
    pub(super) fn leading(&self) -> u64 {
        let leading = self.pieces().leading as u64;
        leading
            .saturating_mul(self.layout.piece)
            .min(self.layout.size)
    }

    /// Returns who writes what arrives from `start` on, which must be the start of a piece. Where the disk is full, `twin`
    /// goes first.
    pub(super) fn writer(self: &Arc<Self>, start: u64, cache_copy: &Arc<CacheCopy>) -> PieceWriter {
        PieceWriter {
            resume_file: Arc::clone(self),
            cache_copy: Arc::clone(cache_copy),
            file: None,
            at: start,
            hasher: ContentHasher::new(DigestAlgorithm::Xxh128),
        }
    }

    /// Notes that a piece is there.
    fn note(&self, index: usize, digest: ContentDigest) {
        let mut pieces = self.pieces();
        pieces.add(index);
        if let Some(record) = &mut pieces.record {
            // What is not recorded is fetched again, should it come to that.
            _ = record.write_all(record::context(index, &digest).as_bytes());
        }
    }

    /// Returns the file, whose lock is held.
    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    /// Throws away what is there.
    pub(super) fn discard(&self) {
        // The record first: without it, the file is of no use to anybody.
        self.remove_record();
        _ = fs::remove_file(&self.path);
    }

    pub(super) fn remove_record(&self) {
        if self.pieces().record.take().is_some() {
            _ = fs::remove_file(record_path(&self.path));
        }
    }

    fn pieces(&self) -> std::sync::MutexGuard<'_, Pieces> {
        self.pieces
            .lock()
            .expect("no thread panics while it holds the pieces")
    }
}

/// Writes a run of pieces, and notes each that is whole.
pub(super) struct PieceWriter {
    resume_file: Arc<ResumeFile>,
    cache_copy: Arc<CacheCopy>,
    /// Opened with the first bytes, where that may block.
    file: Option<File>,
    at: u64,
    hasher: ContentHasher,
}

impl Write for PieceWriter {
    fn write(&mut self, all: &[u8]) -> io::Result<usize> {
        let mut bytes = all;
        let resume_file = Arc::clone(&self.resume_file);
        let _turn = resume_file
            .turn
            .lock()
            .expect("no thread panics while it writes");
        let layout = resume_file.layout;
        if self.file.is_none() {
            // Of its own, because each has its own place in the file.
            let mut file = File::options().write(true).open(&self.resume_file.path)?;
            file.seek(io::SeekFrom::Start(self.at))?;
            self.file = Some(file);
        }
        let file = self.file.as_mut().expect("it was opened just now");
        while !bytes.is_empty() {
            let index = usize::try_from(self.at / layout.piece).unwrap_or(usize::MAX);
            let end = layout.range(index).end;
            let length =
                usize::try_from(end - self.at).map_or(bytes.len(), |room| room.min(bytes.len()));
            let (now, later) = bytes.split_at(length);
            match file.write_all(now) {
                Err(error)
                    if error.kind() == ErrorKind::StorageFull && self.cache_copy.abandon() =>
                {
                    // Some of it may be there.
                    file.seek(io::SeekFrom::Start(self.at))?;
                    file.write_all(now)?;
                }
                written => written?,
            }
            self.hasher.update(now);
            self.at += length as u64;
            bytes = later;
            if self.at == end {
                let next = ContentHasher::new(DigestAlgorithm::Xxh128);
                let digest = std::mem::replace(&mut self.hasher, next).finish();
                self.resume_file.note(index, digest);
            }
        }
        Ok(all.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Removes half files that nobody works on: those that are old, and those that `is_finished` names.
pub(super) fn clear(folder: &Path, is_finished: impl Fn(&str) -> bool) {
    // Not through a link.
    if !folder
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
    {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str());
        if path
            .extension()
            .is_some_and(|extension| extension == RECORD)
        {
            // It goes with its file; without one, it is of no use.
            if !path.with_extension("").exists() {
                _ = fs::remove_file(&path);
            }
            continue;
        }
        let Ok(file) = File::open(&path) else {
            continue;
        };
        let age = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| modified.elapsed().ok());
        let is_over = age.is_some_and(|age| KEPT < age) || name.is_none_or(&is_finished);
        if is_over && is_ours(&file, &path) {
            _ = fs::remove_file(record_path(&path));
            _ = fs::remove_file(&path);
        }
    }
    _ = fs::remove_dir(folder);
}

/// What the name of a record has behind that of its file.
const RECORD: &str = "pieces";

fn record_path(path: &Path) -> PathBuf {
    path.with_extension(RECORD)
}

fn new_file(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Locks `file`, and says whether it is this process's now, and still the file at `path`.
#[cfg(unix)]
fn is_ours(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // Whoever held the lock before may have placed or removed the file meanwhile; and what a link leads to is not it.
    file.try_lock().is_ok()
        && file
            .metadata()
            .and_then(|ours| Ok((ours, path.symlink_metadata()?)))
            .is_ok_and(|(ours, there)| (ours.dev(), ours.ino()) == (there.dev(), there.ino()))
}

/// Elsewhere a locked file cannot be opened a second time, not even by its owner, so every process is on its own.
#[cfg(not(unix))]
fn is_ours(_file: &File, _path: &Path) -> bool {
    false
}

fn digest_at(file: &mut File, range: Range<u64>) -> io::Result<ContentDigest> {
    let mut hasher = ContentHasher::new(DigestAlgorithm::Xxh128);
    file.seek(io::SeekFrom::Start(range.start))?;
    let mut rest = range.end - range.start;
    let mut buffer = vec![0; 256 << 10];
    while 0 < rest {
        let length = usize::try_from(rest).map_or(buffer.len(), |rest| rest.min(buffer.len()));
        file.read_exact(&mut buffer[..length])?;
        hasher.update(&buffer[..length]);
        rest -= length as u64;
    }
    Ok(hasher.finish())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn where_the_disk_is_full_the_copy_for_the_cache_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let layout = PieceLayout {
            digest: ContentDigest::Md5([7; 16]),
            size: 4,
            piece: 4,
        };
        let half = folder.path().join("half");
        let mut resume_file = ResumeFile::begin(&half, layout, &folder.path().join("own")).unwrap();
        let cache_copy = Arc::new(CacheCopy::of(tempfile::NamedTempFile::new().unwrap()));
        // It takes nothing.
        resume_file.path = "/dev/full".into();
        let resume_file = Arc::new(resume_file);
        let error = resume_file
            .writer(0, &cache_copy)
            .write(b"1234")
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(!cache_copy.abandon(), "it is there no more");
    }
}
