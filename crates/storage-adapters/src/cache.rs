//! The local content cache.

mod clean;
mod content;
mod entry;
mod layout;
mod usage;
mod writer;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use artifact_core::{ContentDigest, DigestAlgorithm, ReferenceUri};

pub use clean::Cleaned;
pub use entry::CachedFile;
pub(crate) use layout::Key;
pub use layout::VERSIONS_FOLDER;
pub use usage::{CacheReport, CacheUsage};
pub(crate) use writer::CacheWriter;

use self::clean::Housekeeper;
use self::layout::Layout;
use crate::blocking::Abandoned;
use crate::chunks::each_chunk;
use crate::local::{self, Opened};
use manifest::ContentHasher;

/// Content on the local disk, in the folder layout of the official client.
///
/// # Trust
/// Every entry is hashed before it is returned, and the returned file is the one that was hashed. A damaged entry is
/// removed, and is a miss. (Through the port [`ContentCache`](artifact_core::ports::ContentCache) the caller does so,
/// while it copies.) Content with an opaque digest, such as an `ETag`, gets a note of its MD5 beside it when it is
/// stored; without that note, as from another client, it is a miss.
///
/// # Sharing
/// Any number of threads, processes and official clients may use one folder: entries appear whole, by a rename, and
/// the last one wins. Files get the mode 0666 less the umask.
///
/// All methods block while they read and write.
///
/// Source: the artifact file cache of wandb 0.31.0, which takes an entry of the right length for the right one.
#[derive(Debug, Clone)]
pub struct Cache {
    layout: Layout,
    /// Whether the file system can clone files into the cache, as far as known.
    can_clone: Arc<AtomicBool>,
    /// Keeps the quota, if there is one.
    housekeeper: Option<Arc<Housekeeper>>,
}

/// A failed operation of the cache.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The content has another digest or length than expected.
    #[error("the content for {} is {found}, not {expected}", path.display())]
    Mismatch {
        /// The path of the entry.
        path: PathBuf,
        /// The expected digest or length.
        expected: String,
        /// Its digest or length.
        found: String,
    },
    /// The content could not be read to its end.
    #[error("the content for {} could not be read to its end", path.display())]
    Unreadable {
        /// The path of the entry.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// The cache folder cannot be read or written.
    #[error("cannot {operation} {} in the cache", path.display())]
    Io {
        /// The operation.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl CacheError {
    fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            operation,
            path: path.to_owned(),
            source,
        }
    }
}

impl Cache {
    /// Returns the cache in the folder `root`, below which the official client has `artifacts/`. Nothing is created
    /// before the first entry.
    #[must_use]
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self {
            layout: Layout::new(root.as_ref()),
            can_clone: Arc::new(AtomicBool::new(true)),
            housekeeper: None,
        }
    }

    /// Returns the content with this digest, if it is cached and intact.
    ///
    /// # Errors
    /// [`CacheError::Io`] when the cache folder cannot be read.
    pub fn lookup(&self, digest: &ContentDigest) -> Result<Option<CachedFile>, CacheError> {
        self.find(&Key::Content(*digest), &Abandoned::default())
    }

    /// Returns the content of this reference, if it is cached, intact, and `size` bytes long.
    ///
    /// # Errors
    /// [`CacheError::Io`] when the cache folder cannot be read.
    pub fn lookup_reference(
        &self,
        uri: &ReferenceUri,
        digest: &str,
        size: u64,
    ) -> Result<Option<CachedFile>, CacheError> {
        self.find(&Key::reference(uri, digest, size), &Abandoned::default())
    }

    /// Stores content, and returns it.
    ///
    /// # Errors
    /// [`CacheError::Mismatch`] when it has another digest, [`CacheError::Unreadable`] when it ends with an error, and
    /// [`CacheError::Io`] when it cannot be written. Nothing is stored then.
    pub fn insert(
        &self,
        digest: &ContentDigest,
        content: &mut impl Read,
    ) -> Result<CachedFile, CacheError> {
        self.put(Key::Content(*digest), content, &Abandoned::default())
    }

    /// Stores the content of a reference, and returns it. Only its length can be checked.
    ///
    /// # Errors
    /// As [`insert`](Self::insert); [`CacheError::Mismatch`] when it is not `size` bytes long.
    pub fn insert_reference(
        &self,
        uri: &ReferenceUri,
        digest: &str,
        size: u64,
        content: &mut impl Read,
    ) -> Result<CachedFile, CacheError> {
        self.put(
            Key::reference(uri, digest, size),
            content,
            &Abandoned::default(),
        )
    }

    pub(crate) fn find(
        &self,
        key: &Key,
        abandoned: &Abandoned,
    ) -> Result<Option<CachedFile>, CacheError> {
        let path = self.layout.path(key);
        let Some((mut file, length)) = open(&path)? else {
            return Ok(None);
        };
        if let Ok(metadata) = file.metadata() {
            usage::note_use(&path, &metadata);
        }
        let expected = match key {
            Key::Content(digest) => *digest,
            Key::Reference { size, .. } => {
                if length != *size {
                    return Ok(None);
                }
                match read_note(&Layout::note(&path))? {
                    Some(digest) => digest,
                    None => return Ok(None),
                }
            }
        };
        let mut hasher = ContentHasher::new(expected.algorithm());
        let length = each_chunk(&mut file, abandoned, |chunk| {
            hasher.update(chunk);
            Ok::<_, io::Error>(())
        })
        .map_err(CacheError::io("read", &path))?;
        let found = hasher.finish();
        if found != expected {
            tracing::warn!(path = %path.display(), %expected, %found, "removing a damaged cache entry");
            discard(&path);
            if matches!(key, Key::Reference { .. }) {
                discard(&Layout::note(&path));
            }
            return Ok(None);
        }
        CachedFile::rewound(file, path, length).map(Some)
    }

    pub(crate) fn put(
        &self,
        key: Key,
        content: &mut impl Read,
        abandoned: &Abandoned,
    ) -> Result<CachedFile, CacheError> {
        /// An error of the content, as opposed to one of the cache.
        enum Failure {
            Content(io::Error),
            Cache(CacheError),
        }
        impl From<io::Error> for Failure {
            fn from(error: io::Error) -> Self {
                Self::Content(error)
            }
        }
        let mut writer = self.writer(key)?;
        let copied = each_chunk(content, abandoned, |chunk| {
            writer.write(chunk).map_err(Failure::Cache)
        });
        match copied {
            Ok(length) => {
                let file = writer.finish()?;
                self.grew(length);
                Ok(file)
            }
            Err(Failure::Cache(error)) => Err(error),
            Err(Failure::Content(source)) => Err(writer.unreadable(source)),
        }
    }

    /// Returns a writer of new content; dropping it leaves nothing behind.
    pub(crate) fn writer(&self, key: Key) -> Result<CacheWriter, CacheError> {
        CacheWriter::new(&self.layout, key)
    }
}

/// Opens an entry, if there is one.
fn open(path: &Path) -> Result<Option<(fs::File, u64)>, CacheError> {
    match local::open(path) {
        Ok(Opened::Regular(file, metadata)) => Ok(Some((file, metadata.len()))),
        Ok(Opened::Other(kind)) => {
            let source = io::Error::other(format!("it is {kind}, not a file"));
            Err(CacheError::io("read", path)(source))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CacheError::io("open", path)(error)),
    }
}

/// Returns the MD5 in a note, if there is a complete note.
fn read_note(path: &Path) -> Result<Option<ContentDigest>, CacheError> {
    let Some((file, _)) = open(path)? else {
        return Ok(None);
    };
    let mut text = String::new();
    // A note is 24 bytes long.
    match file.take(64).read_to_string(&mut text) {
        Ok(_) => Ok(ContentDigest::from_base64(DigestAlgorithm::Md5, &text).ok()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(CacheError::io("read", path)(error)),
    }
}

/// Removes a damaged file. If that fails, it is detected again next time.
fn discard(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a damaged cache entry cannot be removed");
        }
        _ => {}
    }
}
