//! The local content cache.

mod clean;
mod content;
mod entry;
mod layout;
mod usage;
mod verify;
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
pub use usage::CacheUsage;
pub use verify::CacheReport;
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
/// Whatever is found is hashed before it is handed out, and what is handed out is the very file that was hashed. An
/// entry that turns out to be wrong is removed, and is a miss. (Through the port
/// [`ContentCache`](artifact_core::ports::ContentCache) it is whoever asks that does so, while it copies.) Content of which only an opaque digest is known, such
/// as an `ETag`, gets a note of its MD5 beside it when it is put in; without that note, as when another client put it
/// in, it is a miss.
///
/// # Sharing
/// Any number of threads, processes and official clients may use one folder: entries appear whole, by a rename, and
/// whoever comes last wins. Files get the mode 0666 less the umask.
///
/// All methods block while they read and write.
///
/// Source: the artifact file cache of wandb 0.31.0, which takes an entry of the right length for the right one.
#[derive(Debug, Clone)]
pub struct Cache {
    layout: Layout,
    /// Whether the file system clones files into the cache; tried until it says no.
    can_clone: Arc<AtomicBool>,
    /// Keeps the quota, where there is one.
    housekeeper: Option<Arc<Housekeeper>>,
}

/// Why the cache cannot be used, or does not take content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The content is not what it was announced as.
    #[error("the content for {} is {found}, not {expected}", path.display())]
    Mismatch {
        /// Where it would have gone.
        path: PathBuf,
        /// The digest or length that was announced.
        expected: String,
        /// The digest or length that it has.
        found: String,
    },
    /// The content could not be read to its end.
    #[error("the content for {} could not be read to its end", path.display())]
    Unreadable {
        /// Where it would have gone.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The cache folder cannot be read or written.
    #[error("cannot {operation} {} in the cache", path.display())]
    Io {
        /// What was being done.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
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
    /// before something is put in.
    #[must_use]
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self {
            layout: Layout::new(root.as_ref()),
            can_clone: Arc::new(AtomicBool::new(true)),
            housekeeper: None,
        }
    }

    /// Returns the content with this digest, where it is there and right.
    ///
    /// # Errors
    /// [`CacheError::Io`] when the cache folder cannot be read.
    pub fn lookup(&self, digest: &ContentDigest) -> Result<Option<CachedFile>, CacheError> {
        self.find(&Key::Content(*digest), &Abandoned::default())
    }

    /// Returns the content that was put in for this reference, where it is there, right, and `size` bytes long.
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

    /// Puts content in, and returns it.
    ///
    /// # Errors
    /// [`CacheError::Mismatch`] when it has another digest, [`CacheError::Unreadable`] when it ends with an error, and
    /// [`CacheError::Io`] when it cannot be written. Nothing is put in then.
    pub fn insert(
        &self,
        digest: &ContentDigest,
        content: &mut impl Read,
    ) -> Result<CachedFile, CacheError> {
        self.put(Key::Content(*digest), content, &Abandoned::default())
    }

    /// Puts the content of a reference in, and returns it. Whoever calls vouches for it: only its length can be checked.
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
            tracing::warn!(path = %path.display(), %expected, %found, "removing a wrong cache entry");
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
        /// Tells an error of the content from one of the cache.
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

/// Opens an entry, where there is one.
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

/// Returns the MD5 that stands in a note, where there is a note and it is whole.
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

/// Removes a wrong file. Where that fails it stays wrong, and is found to be so the next time.
fn discard(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a wrong cache entry cannot be removed");
        }
        _ => {}
    }
}
