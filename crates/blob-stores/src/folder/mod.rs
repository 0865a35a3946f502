//! A blob store in a folder: content as read-only files, named by their SHA-256.
//!
//! | name | holds |
//! |---|---|
//! | `blobs/sha256/ab/cdef…` | content |
//! | `parts/` | parts of files that arrive in parts, until they are joined |
//! | `tmp/` | drafts |
//! | `sessions/` | the journal of each writer: content that may be an orphan |
//! | `lock` | locked shared by writers, and exclusively by recovery |

mod direct_io;
mod draft;
mod durability;
mod layout;
mod lock;
mod orphan_journal;
mod parts;
mod writer;

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use durability::Durability;

use artifact_store::StoreError;
use artifact_store::blobs::{BlobReader, BlobStore, DirectUrls, ListedBlob, LocalContent, Place};
use layout::{StoreLayout, files_in, remove_if_there};

/// A blob store in a folder. Any number of processes may use one folder at once.
#[derive(Debug, Clone)]
pub struct FolderBlobs(Arc<Folder>);

/// State of one store, shared with its writers and drafts.
#[derive(Debug)]
struct Folder {
    layout: StoreLayout,
    /// Distinguishes the drafts of this store from those of other processes.
    draft_prefix: String,
    draft_count: AtomicU64,
    durability: Durability,
}

impl FolderBlobs {
    /// Returns the store in the folder `root`, which is created by the first writer.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self(Arc::new(Folder {
            layout: StoreLayout::new(root),
            draft_prefix: unique_name(),
            draft_count: AtomicU64::new(0),
            durability: Durability::default(),
        }))
    }
}

impl Folder {
    /// Returns the file of `place`; `None` for a place that this store does not choose.
    fn path(&self, place: &Place) -> Option<PathBuf> {
        place.content_key()?;
        Some(self.layout.root().join("blobs").join(place.as_str()))
    }

    /// Returns a path for a draft that no other draft has.
    fn draft_path(&self) -> PathBuf {
        let number = self.draft_count.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", self.draft_prefix);
        self.layout.drafts().join(name)
    }
}

impl BlobStore for FolderBlobs {
    fn barrier(&self) -> Result<(), StoreError> {
        let root = self.0.layout.blobs();
        File::open(&root)
            .and_then(|folder| self.0.durability.flush(&folder))
            .map_err(StoreError::io("flush", root))
    }

    fn size(&self, place: &Place) -> Result<Option<u64>, StoreError> {
        let Some(path) = self.0.path(place) else {
            return Ok(None);
        };
        match fs::symlink_metadata(&path) {
            Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("look at", path)(error)),
        }
    }

    fn get(&self, place: &Place, range: Range<u64>) -> Result<Option<BlobReader>, StoreError> {
        let Some(path) = self.0.path(place) else {
            return Ok(None);
        };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("open", path)(error)),
        };
        if 0 < range.start {
            // File systems refuse positions far behind the end.
            file.metadata()
                .map(|metadata| metadata.len().min(range.start))
                .and_then(|start| file.seek(SeekFrom::Start(start)))
                .map_err(StoreError::io("read", path))?;
        }
        let length = range.end.saturating_sub(range.start);
        Ok(Some(Box::new(file.take(length))))
    }

    fn list(
        &self,
        prefix: &str,
        each: &mut dyn FnMut(ListedBlob) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for folder in files_in(&self.0.layout.blobs())? {
            let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
            let Some(folder_name) = name(&folder).map(|name| format!("sha256/{name}/")) else {
                continue;
            };
            if !folder_name.starts_with(prefix) && !prefix.starts_with(&folder_name) {
                continue;
            }
            for path in files_in(&folder)? {
                let Some(name) = name(&path) else { continue };
                let place = Place::new(format!("{folder_name}{name}"));
                if place.as_str().starts_with(prefix)
                    && let Some(size) = self.size(&place)?
                {
                    each(ListedBlob::new(place, size))?;
                }
            }
        }
        Ok(())
    }

    fn delete(&self, places: &[Place]) -> Result<(), StoreError> {
        let mut paths = places.iter().filter_map(|place| self.0.path(place));
        paths.try_for_each(|path| remove_if_there(&path))
    }

    fn direct(&self) -> Option<&dyn DirectUrls> {
        None
    }

    fn local(&self) -> Option<&dyn LocalContent> {
        Some(self)
    }
}

impl LocalContent for FolderBlobs {
    fn path(&self, place: &Place) -> Result<Option<PathBuf>, StoreError> {
        let Some(path) = self.0.path(place) else {
            return Ok(None);
        };
        match path.try_exists() {
            Ok(is_there) => Ok(is_there.then_some(path)),
            Err(error) => Err(StoreError::io("look at", path)(error)),
        }
    }
}

/// Returns a name that no other process and no other call returns.
fn unique_name() -> String {
    // The keys of the standard hash maps are random, which is enough to tell names apart.
    let random = RandomState::new().build_hasher().finish();
    format!("{}-{random:016x}", std::process::id())
}

/// Creates a file that, once closed, cannot be written to by accident.
fn create_read_only(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o444);
    options.open(path)
}
