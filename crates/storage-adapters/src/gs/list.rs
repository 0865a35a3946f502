//! The objects below a prefix.

use std::sync::Arc;

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use futures::stream::{self, BoxStream};

use super::api::{Api, Metadata};
use super::describe;
use super::uri::{GsUri, uri_of};
use crate::net::objects_of;

pub(super) fn list(
    api: Arc<Api>,
    at: GsUri,
    uri: ReferenceUri,
) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
    let start = Some((api, at, uri.clone(), None::<String>));
    let pages = stream::try_unfold(start, async |state| {
        let Some((api, at, uri, token)) = state else {
            return Ok(None);
        };
        let prefix = at.as_prefix();
        let listed = api.list(&at.bucket, &prefix, token.as_deref(), &uri).await;
        let listed = listed.map_err(|error| of_bucket(error, &at))?;
        let page: Vec<_> = listed
            .items
            .into_iter()
            .filter_map(|found| object_of(found, &prefix, &at, &uri))
            .collect();
        let next = listed.next_page_token.filter(|token| !token.is_empty());
        Ok(Some((page, next.map(|token| (api, at, uri, Some(token))))))
    });
    objects_of(uri, pages)
}

/// Only a bucket can be missing when a listing is.
fn of_bucket(error: ResolveError, at: &GsUri) -> ResolveError {
    match (error, format!("gs://{}", at.bucket).parse()) {
        (ResolveError::NotFound { .. }, Ok(uri)) => ResolveError::NotFound { uri },
        (error, _) => error,
    }
}

/// Returns what is recorded of a listed object; nothing for the mark of a folder.
fn object_of(
    found: Metadata,
    prefix: &str,
    at: &GsUri,
    asked: &ReferenceUri,
) -> Option<Result<ReferenceObject, ResolveError>> {
    // A service that answers with other names would have them recorded under a wrong one.
    let relative = found.name.strip_prefix(prefix)?.to_owned();
    if !found.name.ends_with('/') {
        return Some(describe::object(found, at, relative, asked));
    }
    if found.size.unwrap_or(0) == 0 {
        return None;
    }
    let refused = uri_of(&at.bucket, &found.name, asked).map(|uri| ResolveError::Unsupported {
        uri,
        reason: "its name ends in `/` and it has content, so it can be neither a file nor a folder"
            .to_owned(),
    });
    Some(Err(refused.unwrap_or_else(|error| error)))
}
