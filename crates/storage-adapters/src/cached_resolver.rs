//! The cache in front of a resolver.

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

/// A resolver whose content goes through the [`Cache`].
///
/// `open` reads from the cache what is there and right; anything else is copied into the cache while it is read, and is
/// there for the next one once it was read to its end and is what was recorded. `resolve` and `check` always ask the store. Not cached are `file:` objects, because a local file is as near
/// as the cache, and objects whose content nothing identifies: those with the URI itself for a digest, and those with
/// an opaque digest and no size.
///
/// Where the cache folder cannot be read or written, content comes past it, and the log says so.
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

    /// Returns the content where the cache has it. A cache that cannot be read has nothing.
    async fn find(&self, object: &ReferenceObject, key: Key) -> Option<CachedFile> {
        let cache = self.cache.clone();
        let found = blocking::run(move |abandoned| cache.find(&key, abandoned)).await;
        found.ok()?.unwrap_or_else(|error| {
            tracing::warn!(uri = %object.uri, %error, "the cache is not read");
            None
        })
    }

    /// Copies the file at `path` into the cache, where it can.
    async fn copy(&self, key: Key, path: PathBuf) -> Fetched {
        let (cache, source) = (self.cache.clone(), path.clone());
        let copied = blocking::run(move |abandoned| match local::open(&source) {
            Ok(Opened::Regular(mut file, _)) => cache.put(key, &mut file, abandoned).ok(),
            _ => None,
        });
        match copied.await {
            Ok(Some(copied)) => Fetched::Stream(read(copied)),
            // Whoever reads the file itself finds out what is wrong with it.
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
            // A kind of source that this decorator does not know goes past the cache.
            other => other,
        })
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        self.inner.check(object).await
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
