//! Scans folders for files to log.

use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact_core::{FileStamp, InvalidValue, LogicalPath};
use globset::GlobSet;

use crate::{parallel, stamp};

/// A scanned file and its path in the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedFile {
    /// The path in the artifact.
    pub path: LogicalPath,
    /// The absolute path of the file.
    pub local: PathBuf,
    /// The file's stamp.
    pub stamp: FileStamp,
}

/// Error of scanning a folder or file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The path is not a folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The path is not a regular file.
    #[error("{} is not a file but {kind}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// The kind of file it is.
        kind: &'static str,
    },
    /// A symbolic link has no target.
    #[error("the symbolic link {} leads to nothing", path.display())]
    BrokenLink {
        /// The link.
        path: PathBuf,
    },
    /// A symbolic link leads to a folder that contains it.
    #[error("the symbolic link {} leads back to {}", path.display(), ancestor.display())]
    Loop {
        /// The link.
        path: PathBuf,
        /// The folder that contains the link.
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
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
}

/// The mode of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    /// For content: symbolic links are followed, and special files are an error.
    Content,
    /// For names: everything that is not a folder is listed, links included.
    Names,
}

/// Lists every file below `folder`, hidden ones included, in the order of their paths. Symbolic links are followed.
///
/// Paths that match `exclude`, relative to `folder`, are skipped with everything below them. Empty folders leave no
/// trace. Special files (FIFOs, sockets, devices) are an error instead of being skipped silently.
///
/// # Errors
/// See [`ScanError`]; the first error ends the scan.
pub fn scan_folder(
    folder: &Path,
    prefix: Option<&LogicalPath>,
    exclude: &GlobSet,
) -> Result<Vec<ScannedFile>, ScanError> {
    search(folder, prefix, exclude, Search::Content)
}

/// Lists everything below `folder` that is not a folder, without following symbolic links.
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
    // Once, instead of for every file.
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
        // Threads share the folders, or the files of a single folder.
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
        // So that the result is nearly sorted.
        next.sort_unstable_by(|a: &Folder, b| a.logical.cmp(&b.logical));
        level = next;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// A folder to scan.
struct Folder {
    /// Its path as given by the caller.
    local: PathBuf,
    absolute: PathBuf,
    /// Its path relative to the root of the scan, with a trailing slash.
    relative: String,
    /// Its path in the artifact, with a trailing slash.
    logical: String,
    chain: Arc<FolderChain>,
}

/// A folder and its parents; a link to one of them would be a loop.
struct FolderChain {
    identity: (u64, u64),
    local: PathBuf,
    parent: Option<Arc<Self>>,
}

/// Files and subfolders of a folder, or of a part of it.
struct FolderContents {
    files: Vec<ScannedFile>,
    folders: Vec<Folder>,
}

impl Folder {
    /// Lists the folder, sorted by name.
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

    /// Converts `entries` of this folder.
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

    /// Returns the absolute path of an entry; like `join`, with one allocation.
    fn absolute_path(&self, name: &OsStr) -> PathBuf {
        let mut path = PathBuf::with_capacity(self.absolute.as_os_str().len() + 1 + name.len());
        path.push(&self.absolute);
        path.push(name);
        path
    }

    /// Returns the subfolder of this name, which must not be one of its own parents.
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

/// Returns device and inode, which identify a folder under any name.
fn identity(metadata: &Metadata) -> (u64, u64) {
    let stamp = stamp::of(metadata);
    (stamp.device, stamp.inode)
}

/// Returns the stamp of a regular file, or of the file that a symbolic link leads to.
///
/// # Errors
/// [`ScanError::NotAFile`], [`ScanError::BrokenLink`] or [`ScanError::Io`].
pub fn stat_file(path: &Path) -> Result<FileStamp, ScanError> {
    let metadata = follow_link(path)?;
    check_is_file(path, metadata.file_type())?;
    Ok(stamp::of(&metadata))
}

/// Returns the metadata of the file at `path`, following a symbolic link.
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
