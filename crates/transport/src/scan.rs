//! Finds the files of a folder.

use std::path::{Path, PathBuf};

use artifact_core::{InvalidValue, LogicalPath};
use globset::GlobSet;
use walkdir::{DirEntry, WalkDir};

/// A file that was found, and its path in the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// The path in the artifact.
    pub path: LogicalPath,
    /// Where the file is.
    pub local: PathBuf,
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
    if !folder.is_dir() {
        return Err(ScanError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let wanted = |entry: &DirEntry| {
        entry.depth() == 0
            || exclude.is_empty()
            || !exclude.is_match(relative(folder, entry.path()))
    };
    let mut found = Vec::new();
    for entry in WalkDir::new(folder)
        .follow_links(true)
        .into_iter()
        .filter_entry(wanted)
    {
        let entry = entry.map_err(|error| walk_error(folder, error))?;
        if entry.file_type().is_dir() {
            continue;
        }
        check_is_file(entry.path(), entry.file_type())?;
        found.push(FoundFile {
            path: logical_path(entry.path(), relative(folder, entry.path()), prefix)?,
            local: entry.into_path(),
        });
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Returns `path` as seen from `folder`.
fn relative<'a>(folder: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(folder).unwrap_or(path)
}

/// Checks that `path` is a regular file, or a symbolic link to one.
///
/// # Errors
/// [`ScanError::NotAFile`], [`ScanError::BrokenLink`] or [`ScanError::Io`].
pub fn check_file(path: &Path) -> Result<(), ScanError> {
    let metadata = path.metadata().map_err(|source| {
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
    })?;
    check_is_file(path, metadata.file_type())
}

fn check_is_file(path: &Path, kind: std::fs::FileType) -> Result<(), ScanError> {
    match kind_of_special(kind) {
        None => Ok(()),
        Some(kind) => Err(ScanError::NotAFile {
            path: path.to_owned(),
            kind,
        }),
    }
}

#[cfg(unix)]
fn kind_of_special(kind: std::fs::FileType) -> Option<&'static str> {
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
fn kind_of_special(kind: std::fs::FileType) -> Option<&'static str> {
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a folder"),
        _ => Some("a device"),
    }
}

/// Returns the path in the artifact of the file at `local`, whose path seen from the scanned folder is `relative`.
fn logical_path(
    local: &Path,
    relative: &Path,
    prefix: Option<&LogicalPath>,
) -> Result<LogicalPath, ScanError> {
    let named = |source| ScanError::Name {
        path: local.to_owned(),
        source,
    };
    let Some(text) = relative.to_str() else {
        let text = relative.to_string_lossy();
        return Err(named(InvalidValue::new(
            "path in an artifact",
            text,
            "it is not UTF-8; rename the file",
        )));
    };
    let text = if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.to_owned()
    };
    prefix
        .map_or_else(|| text.parse(), |prefix| prefix.join(&text))
        .map_err(named)
}

fn walk_error(folder: &Path, error: walkdir::Error) -> ScanError {
    let path = error.path().unwrap_or(folder).to_owned();
    if let Some(ancestor) = error.loop_ancestor() {
        return ScanError::Loop {
            path,
            ancestor: ancestor.to_owned(),
        };
    }
    let source = error
        .into_io_error()
        .unwrap_or_else(|| std::io::Error::other("the folder cannot be walked"));
    match source.kind() {
        std::io::ErrorKind::NotFound if path.is_symlink() => ScanError::BrokenLink { path },
        _ => ScanError::Io { path, source },
    }
}
