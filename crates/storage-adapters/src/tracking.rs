//! References of unknown schemes: recorded, never read.

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};

/// Records URIs of any scheme as they are.
///
/// The one object has the URI for its digest, no size, and an empty relative path: what the URI names is unknown, so
/// the caller must give the entry a name. Its content cannot be had.
///
/// Source: the tracking handler of wandb 0.31.0.
#[derive(Debug, Clone, Copy, Default)]
pub struct TrackingResolver;

#[async_trait]
impl ReferenceResolver for TrackingResolver {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        _checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        let object = ReferenceObject {
            uri: uri.clone(),
            relative_path: String::new(),
            digest: EntryDigest::Opaque(uri.as_str().into()),
            size: None,
            extra: serde_json::Map::new(),
        };
        stream::once(std::future::ready(Ok(object))).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
        Err(ResolveError::UnknownScheme {
            uri: object.uri.clone(),
        })
    }
}
