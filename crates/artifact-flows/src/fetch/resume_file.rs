//! Partly downloaded files that survive their process.
//!
//! A large file arrives in pieces, in any order, in one file of its full length. A record file beside it lists the
//! pieces that are complete. Both are named by the content's digest, so that any later process finds them. The process
//! that works on the file holds its lock; another one that wants the same content downloads on its own.
//!
//! The record is only a hint: a piece counts if its bytes have the digest in the record, so a torn record or a piece
//! that never reached the disk does no harm. The whole file is verified before it is installed, like any other.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use artifact_core::{ContentDigest, DigestAlgorithm};
use manifest::ContentHasher;

use super::install::CacheCopy;
use crate::state::{AppendLog, Decoder, Encoder, Format};

/// The folder of resume files, beside the processes' staging folders.
pub(super) const FOLDER: &str = "partial";

/// Time after which an unused resume file is removed.
const MAX_AGE: Duration = Duration::from_hours(7 * 24);

/// The first record holds the layout, all others hold a complete piece each: its index and its XXH128.
const FORMAT: Format = Format {
    kind: "pieces",
    version: 2,
};

/// The content of a file, and its division into pieces.
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

    fn encode(&self, record: &mut Encoder<'_>) {
        record.digest(&self.digest);
        record.number(self.size);
        record.number(self.piece);
    }

    /// Returns the bytes of the piece at `index`.
    fn range(&self, index: usize) -> Range<u64> {
        let start = index as u64 * self.piece;
        start..(start + self.piece).min(self.size)
    }
}

/// Returns the name of the resume file of a content.
pub(crate) fn name(digest: &ContentDigest) -> String {
    use std::fmt::Write;
    let mut name = format!("{}-", digest.algorithm().as_str());
    for byte in digest.bytes() {
        write!(name, "{byte:02x}").expect("a string takes any text");
    }
    name
}

/// A resume file that this process has locked.
#[derive(Debug)]
pub(super) struct ResumeFile {
    pub(super) layout: PieceLayout,
    pub(super) path: PathBuf,
    /// Open for its lock.
    file: File,
    /// Serializes writes: the file system does so anyway, and threads that wait there spin.
    write_turn: Mutex<()>,
    pieces: Mutex<Pieces>,
}

#[derive(Debug)]
struct Pieces {
    is_complete: Vec<bool>,
    /// Complete pieces before the first gap.
    leading: usize,
    /// Record of the complete pieces; `None` if no later process can find the file.
    record: Option<AppendLog>,
}

impl Pieces {
    fn add(&mut self, index: usize) {
        self.is_complete[index] = true;
        while self.is_complete.get(self.leading) == Some(&true) {
            self.leading += 1;
        }
    }
}

impl ResumeFile {
    /// Opens a resume file that an earlier process left, unless another process has it.
    pub(super) fn resume(folder: &Path, layout: PieceLayout) -> Option<Self> {
        let path = folder.join(name(&layout.digest));
        let mut file = File::options().read(true).write(true).open(&path).ok()?;
        if !is_ours(&file, &path) || file.metadata().ok()?.len() != layout.size {
            return None;
        }
        let old_record = read_record(&path, &layout);
        let mut pieces = Pieces {
            is_complete: vec![false; layout.count()],
            leading: 0,
            record: None,
        };
        // Written anew, without torn or wrong records.
        let mut record = new_record(&path, &layout).ok();
        for (index, digest) in old_record {
            if index < layout.count()
                && digest_at(&mut file, layout.range(index)).is_ok_and(|found| found == digest)
            {
                pieces.add(index);
                if let Some(record) = &mut record {
                    append_piece(record, index, &digest);
                }
            }
        }
        pieces.record = record;
        Some(Self {
            layout,
            path,
            file,
            write_turn: Mutex::default(),
            pieces: Mutex::new(pieces),
        })
    }

    /// Creates a resume file; at `own` instead of in `folder` if another process has the one of this content.
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
            new_record(&path, &layout).ok()
        } else {
            None
        };
        let pieces = Pieces {
            is_complete: vec![false; layout.count()],
            leading: 0,
            record,
        };
        Ok(Self {
            layout,
            path,
            file,
            write_turn: Mutex::default(),
            pieces: Mutex::new(pieces),
        })
    }

    /// Creates or opens the file of this content, and locks it.
    fn claim(folder: &Path, layout: &PieceLayout) -> Option<(PathBuf, File)> {
        /// Another process may remove the empty folder, so an attempt may fail.
        const MAX_ATTEMPTS: usize = 10;
        let path = folder.join(name(&layout.digest));
        for _ in 0..MAX_ATTEMPTS {
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

    /// Returns the missing ranges.
    pub(super) fn missing(&self) -> Vec<Range<u64>> {
        let pieces = self.pieces();
        let mut missing: Vec<Range<u64>> = Vec::new();
        for (index, _) in pieces
            .is_complete
            .iter()
            .enumerate()
            .filter(|(_, complete)| !**complete)
        {
            let range = self.layout.range(index);
            match missing.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => missing.push(range),
            }
        }
        missing
    }

    /// Returns the number of bytes before the first gap.
    pub(super) fn leading(&self) -> u64 {
        let leading = self.pieces().leading as u64;
        leading
            .saturating_mul(self.layout.piece)
            .min(self.layout.size)
    }

    /// Returns a writer for the bytes from `start` on, which must be the start of a piece. On a full disk `cache_copy` is
    /// abandoned first.
    pub(super) fn writer(self: &Arc<Self>, start: u64, cache_copy: &Arc<CacheCopy>) -> PieceWriter {
        PieceWriter {
            resume_file: Arc::clone(self),
            cache_copy: Arc::clone(cache_copy),
            file: None,
            at: start,
            hasher: ContentHasher::new(DigestAlgorithm::Xxh128),
        }
    }

    /// Records that a piece is complete.
    fn complete(&self, index: usize, digest: ContentDigest) {
        let mut pieces = self.pieces();
        pieces.add(index);
        if let Some(record) = &mut pieces.record {
            append_piece(record, index, &digest);
        }
    }

    /// Returns the file, whose lock is held.
    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    /// Removes the file and its record.
    pub(super) fn discard(&self) {
        // The record first: without it the file is of no use.
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

/// Writes consecutive pieces, and records each complete one.
pub(super) struct PieceWriter {
    resume_file: Arc<ResumeFile>,
    cache_copy: Arc<CacheCopy>,
    /// Opened with the first bytes, on a thread that may block.
    file: Option<File>,
    at: u64,
    hasher: ContentHasher,
}

impl Write for PieceWriter {
    fn write(&mut self, all: &[u8]) -> io::Result<usize> {
        let mut bytes = all;
        let resume_file = Arc::clone(&self.resume_file);
        let _turn = resume_file
            .write_turn
            .lock()
            .expect("no thread panics while it writes");
        let layout = resume_file.layout;
        if self.file.is_none() {
            // A handle of its own, because each has its own position.
            let mut file = File::options().write(true).open(&self.resume_file.path)?;
            file.seek(io::SeekFrom::Start(self.at))?;
            self.file = Some(file);
        }
        let file = self.file.as_mut().expect("it was opened above");
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
                    // Some bytes may have been written.
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
                self.resume_file.complete(index, digest);
            }
        }
        Ok(all.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Removes unlocked resume files that are old or that `is_finished` names.
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
            .is_some_and(|extension| extension == RECORD_EXTENSION)
        {
            // Removed with its file; without one it is of no use.
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
        let is_over = age.is_some_and(|age| MAX_AGE < age) || name.is_none_or(&is_finished);
        if is_over && is_ours(&file, &path) {
            _ = fs::remove_file(record_path(&path));
            _ = fs::remove_file(&path);
        }
    }
    _ = fs::remove_dir(folder);
}

/// Extension of a record file.
const RECORD_EXTENSION: &str = "pieces";

fn record_path(path: &Path) -> PathBuf {
    path.with_extension(RECORD_EXTENSION)
}

/// Creates the record of the file at `path`, in place of any other.
fn new_record(path: &Path, layout: &PieceLayout) -> io::Result<AppendLog> {
    let path = record_path(path);
    // A new file, so that nothing is written through a link.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut record = AppendLog::open(FORMAT, File::create_new(path)?, 0)?;
    record.append(|record| layout.encode(record));
    Ok(record)
}

fn append_piece(record: &mut AppendLog, index: usize, digest: &ContentDigest) {
    record.append(|record| {
        record.number(index as u64);
        record.digest(digest);
    });
}

/// Returns the pieces in the record of the file at `path`; none if it is of another layout.
fn read_record(path: &Path, layout: &PieceLayout) -> Vec<(usize, ContentDigest)> {
    let path = record_path(path);
    let bytes = fs::read(&path).unwrap_or_default();
    decode_record(&path, &bytes, layout)
}

fn decode_record(path: &Path, bytes: &[u8], layout: &PieceLayout) -> Vec<(usize, ContentDigest)> {
    let mut records = FORMAT.read(path, bytes);
    let mut expected = Vec::new();
    layout.encode(&mut Encoder(&mut expected));
    if records.next() != Some(&*expected) {
        return Vec::new();
    }
    records
        .map_while(|record| {
            let mut record = Decoder(record);
            Some((record.number()?.try_into().ok()?, record.digest()?))
        })
        .collect()
}

fn new_file(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Locks `file`, and returns whether that succeeded and it is still the file at `path`.
#[cfg(unix)]
fn is_ours(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // An earlier holder of the lock may have installed or removed the file, and a link's target does not count.
    file.try_lock().is_ok()
        && file
            .metadata()
            .and_then(|ours| Ok((ours, path.symlink_metadata()?)))
            .is_ok_and(|(ours, there)| (ours.dev(), ours.ino()) == (there.dev(), there.ino()))
}

/// Elsewhere a locked file cannot be opened a second time, even by its owner, so no resume files are shared.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> PieceLayout {
        PieceLayout {
            digest: ContentDigest::Md5([7; 16]),
            size: 100,
            piece: 10,
        }
    }

    fn digest(seed: u8) -> ContentDigest {
        ContentDigest::Xxh128([seed; 16])
    }

    /// Returns the bytes of a record of two pieces.
    fn recorded() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let mut record = new_record(&file, &layout()).unwrap();
        for seed in [3, 0] {
            append_piece(&mut record, seed.into(), &digest(seed));
        }
        fs::read(record_path(&file)).unwrap()
    }

    fn decode(bytes: &[u8], layout: &PieceLayout) -> Vec<(usize, ContentDigest)> {
        decode_record(Path::new("record"), bytes, layout)
    }

    #[test]
    fn recorded_pieces_are_read() {
        let expected = [(3, digest(3)), (0, digest(0))];
        assert_eq!(decode(&recorded(), &layout()), expected);
    }

    #[test]
    fn a_record_of_another_layout_has_no_pieces() {
        let (digest, layout) = (digest(7), layout());
        for other in [
            PieceLayout { digest, ..layout },
            PieceLayout { size: 99, ..layout },
            PieceLayout {
                piece: 11,
                ..layout
            },
        ] {
            assert_eq!(decode(&recorded(), &other), []);
        }
    }

    #[test]
    fn a_torn_or_damaged_record_has_the_pieces_before_the_damage() {
        let whole = recorded();
        let all = decode(&whole, &layout());
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            for bytes in [&whole[..place], &damaged] {
                let found = decode(bytes, &layout());
                assert!(
                    all.starts_with(&found) && found.len() < all.len(),
                    "{place}"
                );
            }
        }
    }

    #[test]
    fn records_of_other_versions_and_foreign_files_have_no_pieces() {
        let other = Format {
            version: 3,
            ..FORMAT
        }
        .encode(&[b"record"]);
        for bytes in [
            other.as_slice(),
            b"wandb-rs half 1 md5 x 100 10 y\n",
            b"garbage",
        ] {
            assert_eq!(decode(bytes, &layout()), []);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn on_a_full_disk_the_cache_copy_is_abandoned_first() {
        let folder = tempfile::tempdir().unwrap();
        let layout = PieceLayout {
            size: 4,
            piece: 4,
            ..layout()
        };
        let shared = folder.path().join("shared");
        let mut resume_file =
            ResumeFile::begin(&shared, layout, &folder.path().join("own")).unwrap();
        let cache_copy = Arc::new(CacheCopy::of(tempfile::NamedTempFile::new().unwrap()));
        // It takes nothing.
        resume_file.path = "/dev/full".into();
        let resume_file = Arc::new(resume_file);
        let error = resume_file
            .writer(0, &cache_copy)
            .write(b"1234")
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(!cache_copy.abandon(), "it was abandoned before");
    }
}
