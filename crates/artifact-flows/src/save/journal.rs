//! Upload journals: what an interrupted save has uploaded, so that the next attempt need not upload it again.
//!
//! A remote registry keeps a pending version whose client died, and the content that was sent for it. The journal of a
//! save records the id of that version and every file that the registry confirmed. It is only appended to, and survives
//! the process; a power loss may tear its tail, and the files recorded there are sent again.
//!
//! Nothing depends on it: a save does without a journal that cannot be opened, read or written. It contains no URLs.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use artifact_core::ports::{CreateArtifact, ManifestId};
use artifact_core::records::ArtifactId;
use artifact_core::{ContentDigest, LogicalPath};

use crate::stamp;
use crate::state::{self, AppendLog, Decoder, Format};

/// The first record holds the version, the second may hold the part, all others hold a confirmed file each.
const FORMAT: Format = Format {
    kind: "journal",
    version: 2,
};

const EXTENSION: &str = "journal";

/// Time after the last record until a journal is useless: registries drop pending versions.
const MAX_AGE: Duration = Duration::from_hours(7 * 24);

/// A folder of journals, one for each interrupted save.
///
/// For remote registries. The embedded store has its own journal, and cleans up interrupted uploads itself.
#[derive(Debug, Clone)]
pub struct UploadJournal {
    folder: PathBuf,
}

impl UploadJournal {
    /// Returns the journals in `folder`, which need not exist yet.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Opens the journal of a save, and removes expired ones.
    ///
    /// `None` if another save has it: two must not write one version.
    pub(super) fn open(&self, location: &str, request: &CreateArtifact) -> Option<OpenJournal> {
        create_folder(&self.folder).ok()?;
        _ = remove_old(&self.folder);
        let name = file_name(location, request);
        let path = self.folder.join(name).with_extension(EXTENSION);
        OpenJournal::at(path).ok()
    }
}

/// A journal that this process has locked.
#[derive(Debug)]
pub(super) struct OpenJournal {
    path: PathBuf,
    /// The file, locked.
    log: AppendLog,
    /// The interrupted save.
    interrupted: Option<Interrupted>,
    /// Whether the file is worth keeping.
    is_begun: bool,
}

impl OpenJournal {
    fn at(path: PathBuf) -> io::Result<Self> {
        let mut file = locked(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (interrupted, valid_bytes) = read(&path, &bytes);
        Ok(Self {
            path,
            log: AppendLog::open(FORMAT, file, valid_bytes)?,
            is_begun: interrupted.is_some(),
            interrupted,
        })
    }

    /// Returns the interrupted save, once.
    pub(super) const fn take_interrupted(&mut self) -> Option<Interrupted> {
        self.interrupted.take()
    }

    /// Records the creation of a version based on `base`, in place of all earlier records.
    pub(super) fn begin(&mut self, artifact: &ArtifactId, base: Option<&ArtifactId>) {
        self.forget();
        self.log.append(|record| {
            record.bytes(&[BEGUN]);
            record.counted(artifact.0.as_bytes());
            if let Some(base) = base {
                record.counted(base.0.as_bytes());
            }
        });
        self.is_begun = true;
    }

    /// Records which part of a distributed version is being sent.
    pub(super) fn begin_part(&mut self, part: &ManifestId) {
        self.log.append(|record| {
            record.bytes(&[PART]);
            record.counted(part.0.as_bytes());
        });
    }

    /// Records that the registry stores the content of a file.
    pub(super) fn confirm(&mut self, path: &LogicalPath, digest: &ContentDigest, birth: &str) {
        self.log.append(|record| {
            record.bytes(&[CONFIRMED]);
            record.digest(digest);
            record.counted(birth.as_bytes());
            record.counted(path.as_str().as_bytes());
        });
    }

    /// Removes all records: there is nothing to continue.
    pub(super) fn forget(&mut self) {
        self.is_begun = false;
        self.log.clear();
    }

    /// Removes the journal of a committed save.
    pub(super) fn remove(mut self) {
        self.is_begun = false;
    }
}

impl Drop for OpenJournal {
    fn drop(&mut self) {
        if !self.is_begun {
            // Before the lock is released. A file that stays is removed when it is old.
            _ = fs::remove_file(&self.path);
        }
    }
}

/// A pending version that a save left behind.
#[derive(Debug)]
pub(super) struct Interrupted {
    pub(super) artifact: ArtifactId,
    /// The version that it is based on.
    pub(super) base: Option<ArtifactId>,
    /// The part that the save was sending, in a distributed version.
    pub(super) part: Option<ManifestId>,
    pub(super) confirmed: ConfirmedFiles,
}

/// The files that the registry is known to store.
pub(super) type ConfirmedFiles = HashMap<LogicalPath, Confirmed>;

/// A file that the registry stores.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Confirmed {
    pub(super) digest: ContentDigest,
    /// The version that first stored it.
    pub(super) birth: Arc<str>,
}

const BEGUN: u8 = 0;
const CONFIRMED: u8 = 1;
const PART: u8 = 2;

/// Returns the content of a journal, and the number of its bytes that are intact records.
fn read(path: &Path, bytes: &[u8]) -> (Option<Interrupted>, usize) {
    let mut records = FORMAT.read(path, bytes);
    let Some(mut interrupted) = records.next().and_then(begun) else {
        return (None, 0);
    };
    let mut valid_bytes = records.valid_bytes();
    // Few versions store many files.
    let mut birth: Arc<str> = Arc::from("");
    while let Some(record) = records.next() {
        if decode(record, &mut interrupted, &mut birth).is_none() {
            break;
        }
        valid_bytes = records.valid_bytes();
    }
    (Some(interrupted), valid_bytes)
}

fn begun(record: &[u8]) -> Option<Interrupted> {
    let mut record = Decoder(record);
    let [BEGUN] = record.array()? else {
        return None;
    };
    let artifact = ArtifactId(record.text()?.to_owned());
    let base = if record.is_empty() {
        None
    } else {
        Some(ArtifactId(record.text()?.to_owned()))
    };
    Some(Interrupted {
        artifact,
        base,
        part: None,
        confirmed: HashMap::new(),
    })
}

/// Adds a further record to `interrupted`; `None` if it has another form.
fn decode(record: &[u8], interrupted: &mut Interrupted, birth: &mut Arc<str>) -> Option<()> {
    let mut record = Decoder(record);
    match record.array()? {
        [PART] => interrupted.part = Some(ManifestId(record.text()?.to_owned())),
        [CONFIRMED] => {
            let digest = record.digest()?;
            let text = record.text()?;
            if **birth != *text {
                *birth = text.into();
            }
            let birth = Arc::clone(birth);
            let path = record.text()?.parse().ok()?;
            interrupted
                .confirmed
                .insert(path, Confirmed { digest, birth });
        }
        [_] => return None,
    }
    Some(())
}

/// Opens and locks the file at `path`.
fn locked(path: &Path) -> io::Result<File> {
    /// Attempts, since the file may be replaced while it is opened.
    const MAX_ATTEMPTS: u32 = 3;
    for _ in 0..MAX_ATTEMPTS {
        let file = options().open(path)?;
        file.try_lock()?;
        // An earlier holder of the lock may have removed it in between.
        let is_still_there = fs::metadata(path).is_ok_and(|there| {
            let (there, ours) = (
                stamp::of(&there),
                file.metadata().map(|ours| stamp::of(&ours)),
            );
            ours.is_ok_and(|ours| (ours.device, ours.inode) == (there.device, there.inode))
        });
        if is_still_there {
            return Ok(file);
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes expired journals in `folder`.
fn remove_old(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() != Some(OsStr::new(EXTENSION)) {
            continue;
        }
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        // A long upload adds no record for hours, but holds the lock.
        if age.is_some_and(|age| MAX_AGE < age) && locked(&path).is_ok() {
            _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

/// Returns the file name of the journal for this request to the registry at `location`.
///
/// The run is left out: a killed process usually comes back as another run. All else is part of the key, because it
/// takes effect when the version is created, which a continued save does not repeat.
fn file_name(location: &str, request: &CreateArtifact) -> String {
    let CreateArtifact {
        project,
        name,
        artifact_type,
        run: _,
        digest,
        algorithm,
        description,
        metadata,
        ttl,
        aliases,
        tags,
        distributed_id,
        is_incremental,
    } = request;
    let mut key = Key::default();
    key.text(location);
    key.text(&project.to_string());
    key.text(name.as_ref());
    key.text(artifact_type.as_ref());
    key.text(&digest.to_string());
    key.text(algorithm.as_str());
    key.texts(description.as_deref());
    let metadata = metadata.as_map().iter();
    key.texts(metadata.flat_map(|(name, value)| [name.clone(), value.to_string()]));
    key.text(&ttl.to_wire().to_string());
    key.texts(aliases);
    key.texts(tags);
    key.texts(distributed_id);
    key.texts(is_incremental.then_some("incremental"));
    state::file_name(&key.0)
}

/// Texts and lists with their lengths in front, so that no two keys have the same bytes.
#[derive(Default)]
struct Key(Vec<u8>);

impl Key {
    fn text(&mut self, text: &str) {
        self.0.extend((text.len() as u64).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    fn texts(&mut self, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        let start = self.0.len();
        self.0.extend([0; 8]);
        let mut count: u64 = 0;
        for text in texts {
            self.text(text.as_ref());
            count += 1;
        }
        self.0[start..start + 8].copy_from_slice(&count.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use artifact_core::{ArtifactDigest, DigestAlgorithm, Metadata, ProjectAddress, Ttl};

    use super::*;

    fn request() -> CreateArtifact {
        CreateArtifact {
            project: ProjectAddress {
                entity: "team".parse().unwrap(),
                project: "vision".parse().unwrap(),
            },
            name: "data".parse().unwrap(),
            artifact_type: "dataset".parse().unwrap(),
            run: None,
            digest: ArtifactDigest::from_bytes([1; 16]),
            algorithm: DigestAlgorithm::Md5,
            description: None,
            metadata: Metadata::default(),
            ttl: Ttl::Inherit,
            aliases: Vec::new(),
            tags: Vec::new(),
            distributed_id: None,
            is_incremental: false,
        }
    }

    #[test]
    fn every_wish_counts_and_the_run_does_not() {
        let plain = file_name("here", &request());
        let run = CreateArtifact {
            run: Some("abc".parse().unwrap()),
            ..request()
        };
        assert_eq!(file_name("here", &run), plain);
        let changes: [fn(&mut CreateArtifact); 12] = [
            |request| request.project.project = "other".parse().unwrap(),
            |request| request.name = "other".parse().unwrap(),
            |request| request.artifact_type = "model".parse().unwrap(),
            |request| request.digest = ArtifactDigest::from_bytes([2; 16]),
            |request| request.algorithm = DigestAlgorithm::Xxh128,
            |request| request.description = Some(String::new()),
            |request| {
                let mut map = request.metadata.as_map().clone();
                map.insert("a".to_owned(), 1.into());
                request.metadata = Metadata::try_from(map).unwrap();
            },
            |request| request.ttl = Ttl::Disabled,
            |request| request.aliases.push("best".parse().unwrap()),
            |request| request.tags.push("best".parse().unwrap()),
            |request| request.distributed_id = Some("best".to_owned()),
            |request| request.is_incremental = true,
        ];
        let mut names = vec![plain, file_name("there", &request())];
        for change in changes {
            let mut request = request();
            change(&mut request);
            names.push(file_name("here", &request));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    /// Returns the bytes of a journal of three files, and the ends of its records.
    fn journal() -> (Vec<u8>, Vec<usize>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = OpenJournal::at(path.clone()).unwrap();
        let size = || usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
        journal.begin(&ArtifactId("QQ==".to_owned()), None);
        let mut ends = vec![size()];
        for (name, byte) in [("a", 1), ("b/c", 3), ("d", 5)] {
            let digest = ContentDigest::Xxh128([byte; 16]);
            journal.confirm(&name.parse().unwrap(), &digest, "QQ==");
            ends.push(size());
        }
        (fs::read(&path).unwrap(), ends)
    }

    fn read_back(bytes: &[u8]) -> (Option<Interrupted>, usize) {
        read(Path::new("journal"), bytes)
    }

    #[test]
    fn written_records_are_read() {
        let (bytes, _) = journal();
        let (interrupted, valid_bytes) = read_back(&bytes);
        let interrupted = interrupted.unwrap();
        assert_eq!(interrupted.artifact.0, "QQ==");
        assert_eq!((interrupted.base, interrupted.confirmed.len()), (None, 3));
        assert_eq!(valid_bytes, bytes.len());
        let confirmed = &interrupted.confirmed[&"b/c".parse().unwrap()];
        assert_eq!(confirmed.digest, ContentDigest::Xxh128([3; 16]));
        assert_eq!(&*confirmed.birth, "QQ==");
    }

    #[test]
    fn a_distributed_version_has_a_base_and_a_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (artifact, base) = (ArtifactId("Qg==".to_owned()), ArtifactId("Qw==".to_owned()));
        let mut journal = OpenJournal::at(path.clone()).unwrap();
        journal.begin(&artifact, Some(&base));
        let alone = read_back(&fs::read(&path).unwrap()).0.unwrap();
        assert_eq!((&alone.artifact, &alone.base), (&artifact, &Some(base)));
        assert_eq!(alone.part, None);
        let part = ManifestId("Rg==".to_owned());
        journal.begin_part(&part);
        let digest = ContentDigest::Md5([7; 16]);
        journal.confirm(&"a".parse().unwrap(), &digest, "Qg==");
        let bytes = fs::read(&path).unwrap();
        let (interrupted, valid_bytes) = read_back(&bytes);
        let interrupted = interrupted.unwrap();
        assert_eq!((interrupted.part, valid_bytes), (Some(part), bytes.len()));
        assert_eq!(interrupted.confirmed.len(), 1);
    }

    #[test]
    fn a_torn_or_damaged_tail_is_ignored() {
        let (bytes, ends) = journal();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            for file in [&bytes[..place], &damaged] {
                let intact = ends.iter().filter(|end| **end <= place).count();
                let (interrupted, valid_bytes) = read_back(file);
                let found = interrupted.map_or(0, |found| found.confirmed.len() + 1);
                assert_eq!(found, intact, "{place}");
                let expected = intact.checked_sub(1).map_or(0, |last| ends[last]);
                assert_eq!(valid_bytes, expected, "{place}");
            }
        }
    }

    #[test]
    fn journals_of_other_versions_and_foreign_files_are_dropped() {
        let other = Format {
            version: 1,
            ..FORMAT
        }
        .encode(&[b"record"]);
        for file in [other.as_slice(), b"wrssave1", b"garbage"] {
            let (interrupted, valid_bytes) = read_back(file);
            assert!(interrupted.is_none() && valid_bytes == 0);
        }
    }
}
