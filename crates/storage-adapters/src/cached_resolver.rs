//! The cache in front of a resolver.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{
    BoxError, ByteStream, Fetched, ReferenceObject, ReferenceResolver, ResolveError, TransferError,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, TryStreamExt as _};
use tokio::sync::mpsc;

use crate::blocking::{self, Abandoned};
use crate::cache::Key;
use crate::chunks::each_chunk;
use crate::local::{self, Opened, PathError};
use crate::{Cache, CacheError, CachedFile};

/// How many chunks may wait to be written.
const WAITING: usize = 4;

/// A resolver whose content goes through the [`Cache`].
///
/// `open` reads from the cache what is there and right; anything else it first copies into the cache, checked, and then
/// reads from there. `resolve` always asks the store. Not cached are `file:` objects, because a local file is as near
/// as the cache, and objects whose content nothing identifies: those with the URI itself for a digest, and those with
/// an opaque digest and no size.
///
/// An error of the cache folder is an error of `open`; it is never a reason to go without.
#[derive(Debug, Clone)]
pub struct CachedResolver {
    inner: Arc<dyn ReferenceResolver>,
    cache: Cache,
}

impl CachedResolver {
    /// Returns `inner` with `cache` in front of it.
    #[must_use]
    pub fn new(inner: Arc<dyn ReferenceResolver>, cache: Cache) -> Self {
        Self { inner, cache }
    }

    /// Runs `work` on the cache on a blocking thread.
    async fn on_cache<T: Send + 'static>(
        &self,
        uri: &ReferenceUri,
        work: impl FnOnce(&Cache, &Abandoned) -> Result<T, CacheError> + Send + 'static,
    ) -> Result<T, ResolveError> {
        let cache = self.cache.clone();
        match blocking::run(move |abandoned| work(&cache, abandoned)).await {
            Ok(result) => result.map_err(|error| from_cache(uri, error)),
            Err(error) => Err(backend(uri, error)),
        }
    }

    /// Copies the file at `path` into the cache.
    async fn copy(
        &self,
        uri: &ReferenceUri,
        key: Key,
        path: PathBuf,
    ) -> Result<CachedFile, ResolveError> {
        let (cache, source_uri) = (self.cache.clone(), uri.clone());
        let copied = blocking::run(move |abandoned| {
            let uri = source_uri;
            let source = match local::open(&path) {
                Ok(Opened::Regular(mut file, _)) => {
                    return cache
                        .put(key, &mut file, abandoned)
                        .map_err(|error| from_cache(&uri, error));
                }
                Ok(Opened::Other(kind)) => io::Error::other(format!("it is {kind}")),
                Err(error) => error,
            };
            Err(backend(
                &uri,
                PathError {
                    operation: "read",
                    path,
                    source,
                },
            ))
        });
        copied
            .await
            .unwrap_or_else(|error| Err(backend(uri, error)))
    }

    /// Copies what `content` yields into the cache.
    async fn store(
        &self,
        uri: &ReferenceUri,
        key: Key,
        mut content: ByteStream,
    ) -> Result<CachedFile, ResolveError> {
        /// The end is sent, too: a sender that is gone without it stands for content that was cut short.
        enum Part {
            Chunk(Bytes),
            End,
        }
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let feed = async move {
            while let Some(chunk) = content.try_next().await? {
                if sender.send(Part::Chunk(chunk)).await.is_err() {
                    // The writer failed, and says why.
                    return Ok(());
                }
            }
            drop(sender.send(Part::End).await);
            Ok::<_, TransferError>(())
        };
        let write = self.on_cache(uri, move |cache, _| {
            let mut writer = cache.writer(key)?;
            loop {
                match receiver.blocking_recv() {
                    Some(Part::Chunk(chunk)) => writer.write(&chunk)?,
                    Some(Part::End) => return writer.finish(),
                    None => return Err(writer.unreadable(io::ErrorKind::UnexpectedEof.into())),
                }
            }
        });
        let (read, written) = futures::future::join(feed, write).await;
        read.map_err(|error| backend(uri, error))?;
        written
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ReferenceResolver for CachedResolver {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        self.inner.resolve(uri, checksum)
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        let uri = &object.uri;
        let key = Key::of(object).filter(|_| uri.scheme().as_str() != "file");
        let Some(key) = key else {
            return self.inner.open(object).await;
        };
        let found = {
            let key = key.clone();
            self.on_cache(uri, move |cache, abandoned| cache.find(&key, abandoned))
                .await?
        };
        if let Some(found) = found {
            return Ok(Fetched::Stream(read(found)));
        }
        let stored = match self.inner.open(object).await? {
            Fetched::Stream(content) => self.store(uri, key, content).await?,
            Fetched::File(path) => self.copy(uri, key, path).await?,
            // A kind of source that this decorator does not know goes past the cache.
            other => return Ok(other),
        };
        Ok(Fetched::Stream(read(stored)))
    }
}

/// Returns the bytes of the very file that was verified: its path may be another's by the time it is opened again.
fn read(found: CachedFile) -> ByteStream {
    let place = found.path().display().to_string();
    let backend = move |source: BoxError| TransferError::Backend {
        place: place.clone(),
        source,
    };
    let stopped = {
        let backend = backend.clone();
        move |error| Err(backend(Box::new(error)))
    };
    blocking::stream(
        move |chunks| {
            /// Why reading ended early.
            enum Stop {
                Closed,
                Failed(io::Error),
            }
            impl From<io::Error> for Stop {
                fn from(error: io::Error) -> Self {
                    Self::Failed(error)
                }
            }
            let size = found.size();
            let mut content = found.take(size);
            let sent = each_chunk(&mut content, &Abandoned::default(), |chunk| {
                chunks
                    .send(Ok(Bytes::copy_from_slice(chunk)))
                    .map_err(|_| Stop::Closed)
            });
            let error = match sent {
                Ok(length) if length == size => return,
                Ok(_) => io::ErrorKind::UnexpectedEof.into(),
                Err(Stop::Failed(error)) => error,
                Err(Stop::Closed) => return,
            };
            // A reader that is gone wants no error either.
            drop(chunks.send(Err(backend(Box::new(error)))));
        },
        stopped,
    )
}

fn backend(uri: &ReferenceUri, error: impl Into<BoxError>) -> ResolveError {
    ResolveError::Backend {
        uri: uri.clone(),
        source: error.into(),
    }
}

/// Returns what an error of the cache means for a reference.
fn from_cache(uri: &ReferenceUri, error: CacheError) -> ResolveError {
    match error {
        CacheError::Mismatch {
            expected, found, ..
        } => ResolveError::Changed {
            uri: uri.clone(),
            recorded: expected,
            found,
        },
        error => backend(uri, error),
    }
}
