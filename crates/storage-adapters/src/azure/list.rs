//! The blobs below a prefix.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use futures::stream::{self, BoxStream};

use super::api::Api;
use super::describe;
use super::listed::Blob;
use super::url::BlobUrl;
use crate::net::objects_of;

pub(super) fn list(
    api: Arc<Api>,
    at: BlobUrl,
    uri: ReferenceUri,
) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
    let start = Some((api, at, uri.clone(), String::new()));
    let pages = stream::try_unfold(start, async |state| {
        let Some((api, at, uri, marker)) = state else {
            return Ok(None);
        };
        let prefix = at.as_prefix();
        let listed = api.list(&at, &prefix, "metadata", &marker, &uri).await?;
        let page: Vec<_> = listed
            .blobs
            .into_iter()
            .filter_map(|blob| object_of(blob, &prefix, &at, &uri))
            .collect();
        let next = (!listed.next.is_empty()).then_some((api, at, uri, listed.next));
        Ok(Some((page, next)))
    });
    objects_of(uri, pages)
}

/// Returns what is recorded of a listed blob; nothing for a folder.
fn object_of(
    blob: Blob,
    prefix: &str,
    at: &BlobUrl,
    asked: &ReferenceUri,
) -> Option<Result<ReferenceObject, ResolveError>> {
    // A service that answers with other names would have them recorded under a wrong one.
    let relative = blob.name.strip_prefix(prefix)?.to_owned();
    if blob.is_folder {
        return None;
    }
    if !blob.name.ends_with('/') {
        return Some(describe::object(blob, at, relative, asked));
    }
    if blob.size == Some(0) {
        return None;
    }
    let refused = at
        .recorded(&blob.name, asked)
        .map(|uri| ResolveError::Unsupported {
            uri,
            reason:
                "its name ends in `/` and it has content, so it can be neither a file nor a folder"
                    .to_owned(),
        });
    Some(Err(refused.unwrap_or_else(|error| error)))
}
