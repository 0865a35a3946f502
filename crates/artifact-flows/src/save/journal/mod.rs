//! Remembers what an interrupted save has brought to a registry, so that the next try need not bring it again.
//!
//! A registry elsewhere keeps a pending version whose client died, and what was sent for it. The journal of a save
//! holds the id of that version, and every file that the registry has confirmed. It is only ever added to, and what
//! was added outlives the process at once; a power loss may cut its end off, which costs sending some files again.
//!
//! Nothing depends on it: a journal that cannot be opened, read or written is done without. There are no URLs in it.

mod format;
mod key;

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use artifact_core::ports::{ArtifactId, CreateArtifact, ManifestId};
use artifact_core::{ContentDigest, LogicalPath};

pub(super) use format::{ConfirmedFiles, Interrupted};

use crate::stamp;

const EXTENSION: &str = "journal";

/// How long after its last record a journal is still of use: registries give up pending versions.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// A folder of journals, one for each save that was interrupted.
///
/// For registries elsewhere. The embedded store has a journal of its own, and clears up what was interrupted.
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

    /// Opens the journal of a save, and removes those that are too old to be of use.
    ///
    /// `None` where another save has it: two must not write one version.
    pub(super) fn open(&self, location: &str, request: &CreateArtifact) -> Option<OpenJournal> {
        create_folder(&self.folder).ok()?;
        _ = remove_old(&self.folder);
        let name = key::file_name(location, request);
        let path = self.folder.join(name).with_extension(EXTENSION);
        OpenJournal::at(path).ok()
    }
}

/// A journal that nobody else writes meanwhile.
#[derive(Debug)]
pub(super) struct OpenJournal {
    path: PathBuf,
    /// Locked.
    file: File,
    /// Whether it could not be written: what is in it stays true, but behind a torn record nothing would be read.
    is_broken: bool,
    /// The save that was interrupted.
    interrupted: Option<Interrupted>,
    /// Whether it is worth keeping.
    is_begun: bool,
    record: Vec<u8>,
}

impl OpenJournal {
    fn at(path: PathBuf) -> io::Result<Self> {
        let mut file = locked(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (interrupted, whole) = format::read(&bytes).unzip();
        file.set_len(whole.unwrap_or(0) as u64)?;
        Ok(Self {
            path,
            file,
            is_broken: false,
            is_begun: interrupted.is_some(),
            interrupted,
            record: Vec::new(),
        })
    }

    /// Returns what was left behind, once.
    pub(super) const fn take_interrupted(&mut self) -> Option<Interrupted> {
        self.interrupted.take()
    }

    /// Notes that a version was created, which follows `base`. Whatever was in the journal is forgotten.
    pub(super) fn begin(&mut self, artifact: &ArtifactId, base: Option<&ArtifactId>) {
        self.forget();
        self.record.extend(format::MAGIC);
        format::put_begun(&mut self.record, artifact, base);
        self.append();
        self.is_begun = true;
    }

    /// Notes which share of the version is being sent.
    pub(super) fn begin_share(&mut self, share: &ManifestId) {
        format::put_share(&mut self.record, share);
        self.append();
    }

    /// Notes that the registry holds the content of a file.
    pub(super) fn confirm(&mut self, path: &LogicalPath, digest: &ContentDigest, birth: &str) {
        format::put_confirmed(&mut self.record, path, digest, birth);
        self.append();
    }

    /// Forgets everything: there is nothing to continue.
    pub(super) fn forget(&mut self) {
        self.is_begun = false;
        self.is_broken = self.file.set_len(0).is_err();
    }

    /// Ends the journal of a save that was committed.
    pub(super) fn remove(mut self) {
        self.is_begun = false;
    }

    /// Writes one record at once, so that no other can get into the middle of it.
    fn append(&mut self) {
        self.is_broken = self.is_broken || self.file.write_all(&self.record).is_err();
        self.record.clear();
    }
}

impl Drop for OpenJournal {
    fn drop(&mut self) {
        if !self.is_begun {
            // Before the lock goes with the file. One that stays is removed when it is old.
            _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens the file at `path`, and keeps others from doing so.
fn locked(path: &Path) -> io::Result<File> {
    /// How often the file may be replaced while it is opened.
    const TRIES: u32 = 3;
    for _ in 0..TRIES {
        let file = options().open(path)?;
        file.try_lock()?;
        // Whoever had it before may have removed it in between.
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

/// Removes the journals in `folder` that nobody will continue.
fn remove_old(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() != Some(OsStr::new(EXTENSION)) {
            continue;
        }
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        // A file of many hours' sending adds no record for long; its save still holds the lock.
        if age.is_some_and(|age| KEPT < age) && locked(&path).is_ok() {
            _ = fs::remove_file(&path);
        }
    }
    Ok(())
}
