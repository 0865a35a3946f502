//! The file format of the client's own state: the stat cache, upload journals, version records and resume files.
//!
//! A state file is a header line that names its kind and format version, and records behind it. Each record is framed
//! by its length and a hash, so reading stops at a torn or damaged one. Files are either appended to ([`AppendLog`]) or
//! replaced as a whole ([`replace`]). A file of another kind or version is dropped with a message: all state can be
//! rebuilt, and a missing file only costs time.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use artifact_core::{ContentDigest, DigestAlgorithm};
use twox_hash::XxHash3_128;

/// Bytes in front of a record: its length, and half of its XXH128.
const FRAME_BYTES: usize = 4 + HASH_BYTES;
const HASH_BYTES: usize = 8;

/// Prefix of the names of files being written, whose writers hold their locks.
pub(crate) const UNFINISHED_PREFIX: &str = ".tmp";

/// A kind of state file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    /// The kind, one word.
    pub(crate) kind: &'static str,
    /// The version of the records' encoding.
    pub(crate) version: u32,
}

impl Format {
    fn header(self) -> String {
        format!("wandb-rs {} {}\n", self.kind, self.version)
    }

    /// Returns the bytes of a file with these records.
    pub(crate) fn encode(self, records: &[&[u8]]) -> Vec<u8> {
        let mut file = self.header().into_bytes();
        for record in records {
            push_record(&mut file, |body| body.bytes(record));
        }
        file
    }

    /// Returns the records of a file. One of another kind or version has none, and is reported as dropped.
    pub(crate) fn read<'a>(self, path: &Path, file: &'a [u8]) -> Records<'a> {
        let header = self.header();
        if let Some(records) = file.strip_prefix(header.as_bytes()) {
            return Records {
                rest: records,
                valid_bytes: header.len(),
            };
        }
        // An empty file, or a torn header, is a file that was just being created.
        if !header.as_bytes().starts_with(file) {
            let (path, kind) = (path.display(), self.kind);
            tracing::info!(%path, kind, "dropping a state file of another version or program");
        }
        Records {
            rest: &[],
            valid_bytes: 0,
        }
    }
}

/// Iterates over the intact records at the beginning of a file.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    rest: &'a [u8],
    valid_bytes: usize,
}

impl Records<'_> {
    /// Returns the length of the header and the records so far; 0 if the file is not of the expected format.
    pub(crate) const fn valid_bytes(&self) -> usize {
        self.valid_bytes
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut frame = Decoder(self.rest);
        let length = frame.length()?;
        let expected = frame.array::<HASH_BYTES>()?;
        let body = frame.take(length)?;
        if hash(body) != expected {
            self.rest = &[];
            return None;
        }
        self.rest = frame.0;
        self.valid_bytes += FRAME_BYTES + length;
        Some(body)
    }
}

/// A state file that records are appended to.
///
/// After a failed write nothing more is written: what is in the file stays valid, but nothing behind a torn record
/// would be read.
#[derive(Debug)]
pub(crate) struct AppendLog {
    format: Format,
    file: File,
    has_failed: bool,
    /// Whether the header is still to be written.
    is_empty: bool,
    buffer: Vec<u8>,
}

impl AppendLog {
    /// Continues `file`, which is open for appending, behind its first `valid_bytes`.
    pub(crate) fn open(format: Format, file: File, valid_bytes: usize) -> io::Result<Self> {
        file.set_len(valid_bytes as u64)?;
        Ok(Self {
            format,
            file,
            has_failed: false,
            is_empty: valid_bytes == 0,
            buffer: Vec::new(),
        })
    }

    /// Appends a record with a single write.
    pub(crate) fn append(&mut self, encode: impl FnOnce(&mut Encoder<'_>)) {
        if self.is_empty {
            self.buffer.extend(self.format.header().into_bytes());
        }
        push_record(&mut self.buffer, encode);
        self.has_failed = self.has_failed || self.file.write_all(&self.buffer).is_err();
        self.is_empty = false;
        self.buffer.clear();
    }

    /// Removes all records.
    pub(crate) fn clear(&mut self) {
        self.has_failed = self.file.set_len(0).is_err();
        self.is_empty = true;
    }
}

/// Replaces the file at `path` atomically; a reader sees the old bytes or the new ones.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED_PREFIX)
        .tempfile_in(folder)?;
    file.as_file().lock()?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Returns the name of the state file for a key: a hash, so that nothing of the key can be read from the folder.
pub(crate) fn file_name(key: &[u8]) -> String {
    format!("{:032x}", XxHash3_128::oneshot(key))
}

/// Appends a framed record to `file`.
fn push_record(file: &mut Vec<u8>, encode: impl FnOnce(&mut Encoder<'_>)) {
    let start = file.len();
    file.extend([0; FRAME_BYTES]);
    encode(&mut Encoder(file));
    let body = start + FRAME_BYTES;
    let (length, hash) = (length_bytes(file.len() - body), hash(&file[body..]));
    file[start..start + 4].copy_from_slice(&length);
    file[start + 4..body].copy_from_slice(&hash);
}

/// Returns a length in 4 bytes. A longer record would be read as a torn one.
fn length_bytes(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn hash(bytes: &[u8]) -> [u8; HASH_BYTES] {
    let hash = XxHash3_128::oneshot(bytes).to_le_bytes();
    *hash.first_chunk().expect("16 bytes are more than 8")
}

/// Encodes the fields of a record.
#[derive(Debug)]
pub(crate) struct Encoder<'a>(pub(crate) &'a mut Vec<u8>);

impl Encoder<'_> {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Encodes bytes with their length in front.
    pub(crate) fn counted(&mut self, bytes: &[u8]) {
        self.bytes(&length_bytes(bytes.len()));
        self.bytes(bytes);
    }

    pub(crate) fn digest(&mut self, digest: &ContentDigest) {
        self.0.push(digest.algorithm().code());
        self.bytes(digest.bytes());
    }
}

/// Decodes the fields of a record; every method returns `None` at the end of the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder<'a>(pub(crate) &'a [u8]);

impl<'a> Decoder<'a> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.counted()?).ok()
    }

    pub(crate) fn digest(&mut self) -> Option<ContentDigest> {
        let [code] = self.array()?;
        let algorithm = DigestAlgorithm::from_code(code)?;
        Some(ContentDigest::new(algorithm, self.array()?))
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: Format = Format {
        kind: "test",
        version: 2,
    };

    fn read(file: &[u8]) -> (Vec<&[u8]>, usize) {
        let mut records = FORMAT.read(Path::new("file"), file);
        let found = records.by_ref().collect();
        (found, records.valid_bytes())
    }

    fn whole() -> Vec<u8> {
        FORMAT.encode(&[b"one", b"", b"three"])
    }

    #[test]
    fn written_records_are_read() {
        let whole = whole();
        let expected: Vec<&[u8]> = vec![b"one", b"", b"three"];
        assert_eq!(read(&whole), (expected, whole.len()));
    }

    #[test]
    fn a_torn_tail_is_ignored() {
        let whole = whole();
        let (all, _) = read(&whole);
        for length in 0..whole.len() {
            let (found, valid_bytes) = read(&whole[..length]);
            assert!(all.starts_with(&found) && found.len() < all.len());
            assert!(valid_bytes <= length, "{length}");
            assert_eq!(read(&whole[..valid_bytes]).0, found, "{length}");
        }
    }

    #[test]
    fn a_flipped_bit_ends_the_intact_records() {
        let whole = whole();
        let (all, _) = read(&whole);
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            let (found, _) = read(&damaged);
            assert!(
                found.len() < all.len() && all.starts_with(&found),
                "{place}"
            );
        }
    }

    #[test]
    fn files_of_other_versions_and_kinds_have_no_records() {
        let other = |kind, version| Format { kind, version }.encode(&[b"one"]);
        for file in [
            other("test", 1),
            other("test", 20),
            other("testing", 2),
            b"wrsstat1 and more".to_vec(),
            b"garbage".to_vec(),
        ] {
            assert_eq!(read(&file), (Vec::new(), 0));
        }
    }

    #[test]
    fn a_log_is_continued_behind_its_last_intact_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let open = || {
            let mut options = File::options();
            options.read(true).append(true).create(true);
            let bytes = std::fs::read(&path).unwrap_or_default();
            let mut records = FORMAT.read(&path, &bytes);
            let found: Vec<_> = records.by_ref().map(<[u8]>::to_vec).collect();
            let valid_bytes = records.valid_bytes();
            let file = options.open(&path).unwrap();
            (AppendLog::open(FORMAT, file, valid_bytes).unwrap(), found)
        };
        let append =
            |log: &mut AppendLog, text: &str| log.append(|body| body.bytes(text.as_bytes()));
        let (mut log, found) = open();
        assert!(found.is_empty());
        append(&mut log, "one");
        append(&mut log, "two");
        let length = std::fs::metadata(&path).unwrap().len();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(length - 1)
            .unwrap();
        let (mut log, found) = open();
        assert_eq!(found, [b"one"]);
        append(&mut log, "three");
        assert_eq!(open().1, [b"one".as_slice(), b"three"]);
        log.clear();
        append(&mut log, "four");
        assert_eq!(open().1, [b"four"]);
    }
}
