//! Offline resolution of references.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};

/// A resolver that sends no requests, in place of one that does: behind a [`CachedResolver`](crate::CachedResolver) only
/// cached content is available.
///
/// Local files are read as usual. Everything else is [`ResolveError::Unsupported`].
#[derive(Debug, Clone)]
pub struct OfflineResolver {
    inner: Arc<dyn ReferenceResolver>,
}

impl OfflineResolver {
    /// Returns a resolver that passes only local files on to `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn ReferenceResolver>) -> Self {
        Self { inner }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ReferenceResolver for OfflineResolver {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        if is_local(uri) {
            return self.inner.resolve(uri, checksum);
        }
        stream::iter([Err(refusal(uri))]).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        if is_local(&object.uri) {
            return self.inner.open(object).await;
        }
        Err(refusal(&object.uri))
    }

    async fn check(&self, object: &ReferenceObject) -> Result<(), ResolveError> {
        if is_local(&object.uri) {
            return self.inner.check(object).await;
        }
        Err(refusal(&object.uri))
    }
}

fn is_local(uri: &ReferenceUri) -> bool {
    uri.scheme().as_str() == "file"
}

fn refusal(uri: &ReferenceUri) -> ResolveError {
    ResolveError::Unsupported {
        uri: uri.clone(),
        reason: "it is not in the cache, and its store is not asked: this client is offline"
            .to_owned(),
    }
}
