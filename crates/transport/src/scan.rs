//! Finds the files of a folder.

use std::fs::{DirEntry, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::{FileStamp, InvalidValue, LogicalPath};
use globset::GlobSet;

use crate::{parallel, stamp};

/// A file that was found, and its path in the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// The path in the artifact.
    pub path: LogicalPath,
    /// Where the file is.
    pub local: PathBuf,
    /// What the file system says of it.
    pub stamp: FileStamp,
}

/// Why a folder cannot be added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The path is no folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The path is no regular file.
    #[error("{} is not a file but {kind}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A symbolic link leads to nothing.
    #[error("the symbolic link {} leads to nothing", path.display())]
    BrokenLink {
        /// The link.
        path: PathBuf,
    },
    /// A symbolic link leads back to a folder that it lies in.
    #[error("the symbolic link {} leads back to {}", path.display(), ancestor.display())]
    Loop {
        /// The link.
        path: PathBuf,
        /// The folder that it leads back to.
        ancestor: PathBuf,
    },
    /// A file's name is not UTF-8, or cannot be a path in an artifact.
    #[error("{} cannot be named in an artifact", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        source: InvalidValue,
    },
    /// The file system refused.
    #[error("{} cannot be read", path.display())]
    Io {
        /// What was read.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
}

/// How a folder is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    /// For content: symbolic links are followed, and what is neither file nor folder is an error.
    Content,
    /// For everything that is in the folder itself: whatever is no folder is found, links included.
    Names,
}

/// Finds every file below `folder`, hidden ones included, in the order of their paths. Symbolic links are followed.
///
/// A path that `exclude` matches, seen from `folder`, is left out, and so is everything below it. Empty folders leave
/// nothing behind. What is neither file nor folder (a FIFO, a socket, a device) is an error and not left out, because
/// nobody would notice.
///
/// # Errors
/// As [`ScanError`] says; the first thing wrong ends the search, and nothing is added by halves.
pub fn scan_folder(
    folder: &Path,
    prefix: Option<&LogicalPath>,
    exclude: &GlobSet,
) -> Result<Vec<FoundFile>, ScanError> {
    search(folder, prefix, exclude, Search::Content)
}

/// Finds everything below `folder` that is no folder, without following symbolic links.
pub(crate) fn list_folder(folder: &Path, exclude: &GlobSet) -> Result<Vec<FoundFile>, ScanError> {
    search(folder, None, exclude, Search::Names)
}

fn search(
    folder: &Path,
    prefix: Option<&LogicalPath>,
    exclude: &GlobSet,
    search: Search,
) -> Result<Vec<FoundFile>, ScanError> {
    /// Every folder being read is an open file, of which a process may have few.
    const OPEN_FOLDERS: usize = 64;
    let metadata = folder.metadata().ok().filter(Metadata::is_dir);
    let metadata = metadata.ok_or_else(|| ScanError::NotAFolder {
        path: folder.to_owned(),
    })?;
    let root = Folder {
        local: folder.to_owned(),
        relative: String::new(),
        logical: prefix
            .map(|prefix| format!("{prefix}/"))
            .unwrap_or_default(),
        chain: Arc::new(Chain {
            identity: identity(&metadata),
            local: folder.to_owned(),
            parent: None,
        }),
    };
    let mut level = vec![root];
    let mut files = Vec::new();
    while !level.is_empty() {
        let mut next = Vec::new();
        for folders in level.chunks(OPEN_FOLDERS) {
            let look_at =
                |folder: &Folder, entry: &DirEntry| folder.look_at(entry, exclude, search);
            // Folders are shared among threads; the files of a single one are.
            let looked_at = match folders {
                [folder] => vec![
                    folder.read(|entries| parallel::map(entries, |entry| look_at(folder, entry))),
                ],
                folders => parallel::map_large(folders, |folder| {
                    folder.read(|entries| {
                        entries.iter().map(|entry| look_at(folder, entry)).collect()
                    })
                }),
            };
            for in_folder in looked_at {
                for found in in_folder? {
                    match found? {
                        Found::File(file) => files.push(file),
                        Found::Folder(folder) => next.push(folder),
                        Found::Excluded => {}
                    }
                }
            }
        }
        // So that what is found comes nearly sorted.
        next.sort_unstable_by(|a: &Folder, b| a.logical.cmp(&b.logical));
        level = next;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// A folder to read.
struct Folder {
    local: PathBuf,
    /// Its path seen from where the search began, with a slash behind it.
    relative: String,
    /// Its path in the artifact, with a slash behind it.
    logical: String,
    chain: Arc<Chain>,
}

/// A folder and the folders that it was reached through; a link back to one of them would never end.
struct Chain {
    identity: (u64, u64),
    local: PathBuf,
    parent: Option<Arc<Self>>,
}

/// What came of looking at an entry of a folder.
type Looked = Result<Found, ScanError>;

enum Found {
    File(FoundFile),
    Folder(Folder),
    Excluded,
}

impl Folder {
    /// Reads the folder, and lets `look` look at what is in it, sorted by name.
    fn read(
        &self,
        look: impl FnOnce(&[DirEntry]) -> Vec<Looked>,
    ) -> Result<Vec<Looked>, ScanError> {
        let entries = self
            .local
            .read_dir()
            .and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut entries = entries.map_err(|source| ScanError::Io {
            path: self.local.clone(),
            source,
        })?;
        entries.sort_by_cached_key(DirEntry::file_name);
        Ok(look(&entries))
    }

    fn look_at(
        &self,
        entry: &DirEntry,
        exclude: &GlobSet,
        search: Search,
    ) -> Result<Found, ScanError> {
        let name = entry.file_name();
        if !exclude.is_empty() && exclude.is_match(Path::new(&self.relative).join(&name)) {
            return Ok(Found::Excluded);
        }
        let local = self.local.join(&name);
        let named = |source| ScanError::Name {
            path: local.clone(),
            source,
        };
        let Some(name) = name.to_str() else {
            let text = name.to_string_lossy();
            return Err(named(InvalidValue::new(
                "file name",
                text,
                "it is not UTF-8; rename the file",
            )));
        };
        let metadata = entry.metadata().map_err(|source| ScanError::Io {
            path: local.clone(),
            source,
        })?;
        let is_link = metadata.is_symlink() && search == Search::Content;
        let metadata = if is_link { follow(&local)? } else { metadata };
        if metadata.is_dir() {
            let identity = identity(&metadata);
            if is_link && let Some(ancestor) = self.chain.find(identity) {
                return Err(ScanError::Loop {
                    path: local,
                    ancestor: ancestor.to_owned(),
                });
            }
            let parent = Some(Arc::clone(&self.chain));
            return Ok(Found::Folder(Self {
                relative: format!("{}{name}/", self.relative),
                logical: format!("{}{name}/", self.logical),
                chain: Arc::new(Chain {
                    identity,
                    local: local.clone(),
                    parent,
                }),
                local,
            }));
        }
        if search == Search::Content {
            check_is_file(&local, metadata.file_type())?;
        }
        let path = format!("{}{name}", self.logical).parse().map_err(named)?;
        Ok(Found::File(FoundFile {
            path,
            local,
            stamp: stamp::of(&metadata),
        }))
    }
}

impl Chain {
    fn find(&self, identity: (u64, u64)) -> Option<&Path> {
        let mut link = Some(self);
        while let Some(folder) = link {
            if folder.identity == identity {
                return Some(&folder.local);
            }
            link = folder.parent.as_deref();
        }
        None
    }
}

/// Returns device and number: what makes a folder the same by any name.
fn identity(metadata: &Metadata) -> (u64, u64) {
    let stamp = stamp::of(metadata);
    (stamp.device, stamp.inode)
}

/// Checks that `path` is a regular file, or a symbolic link to one, and returns what the file system says of it.
///
/// # Errors
/// [`ScanError::NotAFile`], [`ScanError::BrokenLink`] or [`ScanError::Io`].
pub fn look_at_file(path: &Path) -> Result<FileStamp, ScanError> {
    let metadata = follow(path)?;
    check_is_file(path, metadata.file_type())?;
    Ok(stamp::of(&metadata))
}

/// Returns what is known of the file at `path`, or of the one that the symbolic link there leads to.
fn follow(path: &Path) -> Result<Metadata, ScanError> {
    path.metadata().map_err(|source| {
        let is_link = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_symlink());
        match source.kind() {
            std::io::ErrorKind::NotFound if is_link => ScanError::BrokenLink {
                path: path.to_owned(),
            },
            _ => ScanError::Io {
                path: path.to_owned(),
                source,
            },
        }
    })
}

fn check_is_file(path: &Path, kind: FileType) -> Result<(), ScanError> {
    match kind_of_special(kind) {
        None => Ok(()),
        Some(kind) => Err(ScanError::NotAFile {
            path: path.to_owned(),
            kind,
        }),
    }
}

#[cfg(unix)]
fn kind_of_special(kind: FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a folder"),
        _ if kind.is_fifo() => Some("a FIFO"),
        _ if kind.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}

#[cfg(not(unix))]
fn kind_of_special(kind: FileType) -> Option<&'static str> {
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a folder"),
        _ => Some("a device"),
    }
}
