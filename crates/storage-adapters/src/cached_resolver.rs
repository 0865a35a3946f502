//! A resolver with a cache.

mod tee;

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{
    BoxError, ByteStream, Fetched, ReferenceObject, ReferenceResolver, ResolveError, TransferError,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::blocking::{self, Abandoned};
use crate::cache::Key;
use crate::chunks::each_chunk;
use crate::local::{self, Opened};
use crate::{Cache, CachedFile};

/// A resolver that caches content in the [`Cache`].
///
/// `open` reads from the cache what is there and right; anything else is copied into the cache while it is read, and is
/// there for the next one once it was read to its end and is what was recorded. `resolve` and `check` always ask the store. Not cached are `file:` objects, because a local file is as near
/// as the cache, and objects whose content nothing identifies: those with the URI itself for a digest, and those with
/// an opaque digest and no size.
///
/// If the cache folder cannot be read or written, content is read without it, with a warning.
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

    /// Returns the content if it is cached. An unreadable cache is empty.
    async fn find(&self, object: &ReferenceObject, key: Key) -> Option<CachedFile> {
        let cache = self.cache.clone();
        let found = blocking::run(move |abandoned| cache.find(&key, abandoned)).await;
        found.ok()?.unwrap_or_else(|error| {
            tracing::warn!(uri = %object.uri, %error, "the cache is not read");
            None
        })
    }

    /// Copies the file at `path` into the cache, if possible.
    async fn copy(&self, key: Key, path: PathBuf) -> Fetched {
        let (cache, source) = (self.cache.clone(), path.clone());
        let copied = blocking::run(move |abandoned| match local::open(&source) {
            Ok(Opened::Regular(mut file, _)) => cache.put(key, &mut file, abandoned).ok(),
            _ => None,
        });
        match copied.await {
            Ok(Some(copied)) => Fetched::Stream(read(copied)),
            // The reader of the file itself will get the error.
            _ => Fetched::File(path),
        }
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
        let key = Key::of(object).filter(|_| object.uri.scheme().as_str() != "file");
        let Some(key) = key else {
            return self.inner.open(object).await;
        };
        if let Some(found) = self.find(object, key.clone()).await {
            return Ok(Fetched::Stream(read(found)));
        }
        Ok(match self.inner.open(object).await? {
            Fetched::Stream(content) => {
                let place = object.uri.to_string();
                Fetched::Stream(tee::tee(self.cache.clone(), key, place, content))
            }
            Fetched::File(path) => self.copy(key, path).await,
            // Unknown kinds of sources are not cached.
            other => other,
        })
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        self.inner.check(object).await
    }
}

/// Returns the bytes of the open, verified file: its path may have been replaced.
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
            // The reader is gone.
            drop(chunks.send(Err(backend(Box::new(error)))));
        },
        stopped,
    )
}
