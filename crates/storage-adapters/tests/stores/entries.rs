//! Entries of a manifest, for comparison.

use std::sync::Arc;

use artifact_core::ports::{Fetched, ReferenceObject, ReferenceResolver, ResolveError};
use futures::TryStreamExt as _;
use serde_json::json;

pub(crate) async fn resolve(
    resolver: &Arc<dyn ReferenceResolver>,
    uri: &str,
    checksum: bool,
) -> Result<Vec<ReferenceObject>, ResolveError> {
    let objects = resolver.resolve(&uri.parse().unwrap(), checksum);
    objects.try_collect().await
}

/// Returns path, reference, digest, size and extra of each object.
pub(crate) fn shown(objects: &[ReferenceObject]) -> serde_json::Value {
    let objects = objects.iter().map(|object| {
        json!([
            object.relative_path,
            object.uri.as_str(),
            object.digest.to_string(),
            object.size,
            object.extra
        ])
    });
    objects.collect()
}

pub(crate) fn paths(objects: &[ReferenceObject]) -> Vec<&str> {
    objects
        .iter()
        .map(|object| &*object.relative_path)
        .collect()
}

pub(crate) async fn content(
    resolver: &Arc<dyn ReferenceResolver>,
    object: &ReferenceObject,
) -> Result<Vec<u8>, ResolveError> {
    let Fetched::Stream(chunks) = resolver.open(object).await? else {
        panic!("a remote store streams");
    };
    let chunks: Vec<_> = chunks.try_collect().await.unwrap();
    Ok(chunks.concat())
}
