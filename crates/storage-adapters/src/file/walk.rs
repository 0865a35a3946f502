//! The files of a URI.

use std::ffi::OsString;
use std::fs::{self, FileType, Metadata};
use std::path::{Path, PathBuf};

use artifact_core::ports::ResolveError;
use artifact_core::{InvalidValue, LogicalPath, ReferenceUri};

use super::{error, uri};
use crate::blocking::Closed;
use crate::local::kind_of;

/// Files up to this length share a batch, and are held in memory to be hashed together.
pub(super) const SMALL: u64 = 128 * 1024;
/// Maximum files of a batch.
const BATCH_FILES: usize = 64;
/// Maximum bytes of a batch of small files.
const BATCH_BYTES: u64 = 1024 * 1024;

/// A file of the URI.
pub(super) struct Found {
    pub(super) uri: ReferenceUri,
    pub(super) relative_path: String,
    pub(super) path: PathBuf,
}

/// Files to be read by one thread: many small ones, or a large one.
pub(super) type Batch = Vec<Found>;

/// The reason of an early end.
pub(super) enum Stop {
    Failed(ResolveError),
    Closed,
}

impl From<ResolveError> for Stop {
    fn from(error: ResolveError) -> Self {
        Self::Failed(error)
    }
}

impl From<Closed> for Stop {
    fn from(Closed: Closed) -> Self {
        Self::Closed
    }
}

/// Passes the files of `uri` to `send`, in the order of their paths.
pub(super) fn walk(
    uri: &ReferenceUri,
    send: &mut dyn FnMut(Batch) -> Result<(), Closed>,
) -> Result<(), Stop> {
    let root = uri::path_of(uri)?;
    let metadata = root
        .metadata()
        .map_err(|source| error::from_io(uri, "read", &root, source))?;
    if metadata.is_file() {
        send(vec![single(uri, root)?])?;
        return Ok(());
    }
    if !metadata.is_dir() {
        return Err(not_regular(uri, &root, &metadata).into());
    }
    let mut walk = Walk {
        base: uri,
        pending: Vec::new(),
        bytes: 0,
        found: false,
        send,
    };
    let walked = walk.folder(root);
    // Files before a failure come before it.
    walk.flush()?;
    walked?;
    if !walk.found {
        return Err(ResolveError::NotFound { uri: uri.clone() }.into());
    }
    Ok(())
}

fn single(uri: &ReferenceUri, path: PathBuf) -> Result<Found, ResolveError> {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let Some(name) = name.to_str() else {
        return Err(not_utf8(uri.clone(), &path));
    };
    Ok(Found {
        uri: uri.clone(),
        relative_path: name.to_owned(),
        path,
    })
}

fn not_regular(uri: &ReferenceUri, path: &Path, metadata: &Metadata) -> ResolveError {
    ResolveError::Unsupported {
        uri: uri.clone(),
        reason: format!(
            "{} is {}; only regular files can be referenced",
            path.display(),
            kind_of(metadata.file_type())
        ),
    }
}

fn not_utf8(uri: ReferenceUri, path: &Path) -> ResolveError {
    let reason = "it is not UTF-8; rename the file";
    let source = InvalidValue::new("path in an artifact", path.to_string_lossy(), reason);
    ResolveError::Name { uri, source }
}

/// A walk over a folder under way.
struct Walk<'a> {
    base: &'a ReferenceUri,
    pending: Batch,
    bytes: u64,
    found: bool,
    send: &'a mut dyn FnMut(Batch) -> Result<(), Closed>,
}

/// A folder being walked: what is left of it, the last child first.
struct Level {
    path: PathBuf,
    /// The path relative to the root, with a slash at its end unless it is empty.
    relative: String,
    children: Vec<Child>,
}

struct Child {
    name: OsString,
    kind: FileType,
}

impl Child {
    /// Compares as the whole paths below do: a folder's name goes on with a slash.
    fn key(&self) -> impl Iterator<Item = u8> {
        let slash = self.kind.is_dir().then_some(b'/');
        self.name.as_encoded_bytes().iter().copied().chain(slash)
    }
}

impl Walk<'_> {
    fn folder(&mut self, root: PathBuf) -> Result<(), Stop> {
        let mut levels = vec![self.list(root, String::new())?];
        while let Some(level) = levels.last_mut() {
            let Some(child) = level.children.pop() else {
                levels.pop();
                continue;
            };
            let path = level.path.join(&child.name);
            let Some(name) = child.name.to_str() else {
                let uri = uri::below_lossless(self.base, &level.relative, &child.name);
                return Err(not_utf8(uri, &path).into());
            };
            let relative = format!("{}{name}", level.relative);
            if child.kind.is_dir() {
                levels.push(self.list(path, relative + "/")?);
            } else {
                self.file(path, relative, child.kind.is_symlink())?;
            }
        }
        Ok(())
    }

    fn list(&self, path: PathBuf, relative: String) -> Result<Level, ResolveError> {
        let failed = |source| {
            let uri = uri::below(self.base, &relative).unwrap_or_else(|_| self.base.clone());
            error::from_io(&uri, "list", &path, source)
        };
        let mut children = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            children.push(Child {
                name: entry.file_name(),
                kind,
            });
        }
        children.sort_unstable_by(|a, b| b.key().cmp(a.key()));
        Ok(Level {
            path,
            relative,
            children,
        })
    }

    fn file(&mut self, path: PathBuf, relative: String, is_symlink: bool) -> Result<(), Stop> {
        let uri = uri::below(self.base, &relative)
            .and_then(|uri| LogicalPath::try_from(relative.as_str()).map(|_| uri))
            .map_err(|source| ResolveError::Name {
                uri: self.base.clone(),
                source,
            })?;
        let metadata = path
            .metadata()
            .map_err(|source| match fs::read_link(&path) {
                Ok(target) if is_symlink && source.kind() == std::io::ErrorKind::NotFound => {
                    ResolveError::Unsupported {
                        uri: uri.clone(),
                        reason: format!(
                            "{} is a symbolic link to {}, where nothing is",
                            path.display(),
                            target.display()
                        ),
                    }
                }
                _ => error::from_io(&uri, "read", &path, source),
            })?;
        if metadata.is_dir() && is_symlink {
            tracing::warn!(path = %path.display(), "links to folders are not followed in file references");
            return Ok(());
        }
        if !metadata.is_file() {
            return Err(not_regular(&uri, &path, &metadata).into());
        }
        self.found = true;
        let found = Found {
            uri,
            relative_path: relative,
            path,
        };
        if SMALL < metadata.len() {
            self.flush()?;
            (self.send)(vec![found])?;
            return Ok(());
        }
        self.pending.push(found);
        self.bytes += metadata.len();
        if BATCH_FILES <= self.pending.len() || BATCH_BYTES <= self.bytes {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Closed> {
        self.bytes = 0;
        match std::mem::take(&mut self.pending) {
            batch if batch.is_empty() => Ok(()),
            batch => (self.send)(batch),
        }
    }
}
