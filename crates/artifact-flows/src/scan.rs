//! Finds the files of a folder.

use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::{FileStamp, InvalidValue, LogicalPath};
use globset::GlobSet;

use crate::{parallel, stamp};

/// A file that was found, and its path in the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedFile {
    /// The path in the artifact.
    pub path: LogicalPath,
    /// Where the file is: an absolute path.
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
) -> Result<Vec<ScannedFile>, ScanError> {
    search(folder, prefix, exclude, Search::Content)
}

/// Finds everything below `folder` that is no folder, without following symbolic links.
pub(crate) fn list_folder(folder: &Path, exclude: &GlobSet) -> Result<Vec<ScannedFile>, ScanError> {
    search(folder, None, exclude, Search::Names)
}

fn search(
    folder: &Path,
    prefix: Option<&LogicalPath>,
    exclude: &GlobSet,
    search: Search,
) -> Result<Vec<ScannedFile>, ScanError> {
    let metadata = folder.metadata().ok().filter(Metadata::is_dir);
    let metadata = metadata.ok_or_else(|| ScanError::NotAFolder {
        path: folder.to_owned(),
    })?;
    // Once, and not for every file.
    let absolute = std::path::absolute(folder).map_err(|source| ScanError::Io {
        path: folder.to_owned(),
        source,
    })?;
    let mut level = vec![Folder {
        local: folder.to_owned(),
        absolute,
        relative: String::new(),
        logical: prefix
            .map(|prefix| format!("{prefix}/"))
            .unwrap_or_default(),
        chain: Arc::new(FolderChain {
            identity: identity(&metadata),
            local: folder.to_owned(),
            parent: None,
        }),
    }];
    let mut files = Vec::new();
    while !level.is_empty() {
        // Folders are shared among threads; the files of a single one are.
        let parts = match level.as_slice() {
            [folder] => {
                let entries = folder.entries()?;
                parallel::map_parts(&entries, |part| folder.scan_entries(part, exclude, search))
            }
            folders => parallel::map_large(folders, |folder| {
                folder.scan_entries(&folder.entries()?, exclude, search)
            }),
        };
        let mut next = Vec::new();
        for part in parts {
            let mut part = part?;
            files.append(&mut part.files);
            next.append(&mut part.folders);
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
    /// Where it is, as the caller named it.
    local: PathBuf,
    absolute: PathBuf,
    /// Its path seen from where the search began, with a slash behind it.
    relative: String,
    /// Its path in the artifact, with a slash behind it.
    logical: String,
    chain: Arc<FolderChain>,
}

/// A folder and the folders that it was reached through; a link back to one of them would never end.
struct FolderChain {
    identity: (u64, u64),
    local: PathBuf,
    parent: Option<Arc<Self>>,
}

/// What is in a folder, or in a part of it.
struct FolderContents {
    files: Vec<ScannedFile>,
    folders: Vec<Folder>,
}

impl Folder {
    /// Reads what is in the folder, sorted by name.
    fn entries(&self) -> Result<Vec<(OsString, DirEntry)>, ScanError> {
        let entries = self.local.read_dir().and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| (entry.file_name(), entry)))
                .collect::<std::io::Result<Vec<_>>>()
        });
        let mut entries = entries.map_err(|source| ScanError::Io {
            path: self.local.clone(),
            source,
        })?;
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(entries)
    }

    /// Looks at everything in `entries`, which is in this folder.
    fn scan_entries(
        &self,
        entries: &[(OsString, DirEntry)],
        exclude: &GlobSet,
        search: Search,
    ) -> Result<FolderContents, ScanError> {
        let mut contents = FolderContents {
            files: Vec::with_capacity(entries.len()),
            folders: Vec::new(),
        };
        let mut logical = self.logical.clone();
        for (name, entry) in entries {
            if !exclude.is_empty() && exclude.is_match(Path::new(&self.relative).join(name)) {
                continue;
            }
            let local = || self.local.join(name);
            let named = |source| ScanError::Name {
                path: local(),
                source,
            };
            let Some(text) = name.to_str() else {
                let text = name.to_string_lossy();
                return Err(named(InvalidValue::new(
                    "file name",
                    text,
                    "it is not UTF-8; rename the file",
                )));
            };
            let metadata = entry.metadata().map_err(|source| ScanError::Io {
                path: local(),
                source,
            })?;
            let is_link = metadata.is_symlink() && search == Search::Content;
            let metadata = if is_link {
                follow_link(&local())?
            } else {
                metadata
            };
            if metadata.is_dir() {
                let folder = self.subfolder(text, identity(&metadata), is_link)?;
                contents.folders.push(folder);
                continue;
            }
            if search == Search::Content
                && let Some(kind) = kind_of_special(metadata.file_type())
            {
                return Err(ScanError::NotAFile {
                    path: local(),
                    kind,
                });
            }
            logical.truncate(self.logical.len());
            logical.push_str(text);
            contents.files.push(ScannedFile {
                path: logical.parse().map_err(named)?,
                local: self.absolute_path(name),
                stamp: stamp::of(&metadata),
            });
        }
        Ok(contents)
    }

    /// Returns the absolute path of what has this name in the folder; as `join`, with one allocation.
    fn absolute_path(&self, name: &OsStr) -> PathBuf {
        let mut path = PathBuf::with_capacity(self.absolute.as_os_str().len() + 1 + name.len());
        path.push(&self.absolute);
        path.push(name);
        path
    }

    /// Returns the folder of this name, which must not be one that it lies in.
    fn subfolder(
        &self,
        name: &str,
        identity: (u64, u64),
        is_link: bool,
    ) -> Result<Self, ScanError> {
        let local = self.local.join(name);
        if is_link && let Some(ancestor) = self.chain.find(identity) {
            return Err(ScanError::Loop {
                path: local,
                ancestor: ancestor.to_owned(),
            });
        }
        Ok(Self {
            absolute: self.absolute.join(name),
            relative: format!("{}{name}/", self.relative),
            logical: format!("{}{name}/", self.logical),
            chain: Arc::new(FolderChain {
                identity,
                local: local.clone(),
                parent: Some(Arc::clone(&self.chain)),
            }),
            local,
        })
    }
}

impl FolderChain {
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
pub fn stat_file(path: &Path) -> Result<FileStamp, ScanError> {
    let metadata = follow_link(path)?;
    check_is_file(path, metadata.file_type())?;
    Ok(stamp::of(&metadata))
}

/// Returns what is known of the file at `path`, or of the one that the symbolic link there leads to.
fn follow_link(path: &Path) -> Result<Metadata, ScanError> {
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
