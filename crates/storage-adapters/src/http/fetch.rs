//! Content behind a recorded URL.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError, TransferError};
use futures::TryStreamExt as _;
use reqwest::{Method, Response};

use super::describe::{etag, length};
use super::{HttpResolver, url};
use crate::net::Expected;

pub(super) async fn open(
    resolver: &HttpResolver,
    object: &ReferenceObject,
) -> Result<Fetched, ResolveError> {
    let target = url::target(&object.uri)?;
    let response = resolver.ask(Method::GET, &object.uri, &target.url).await?;
    compare(object, &response)?;
    let expected = Expected {
        length: length(&response),
        md5: content_md5(&response),
        ..Expected::default()
    };
    let place = object.uri.to_string();
    let failed = {
        let place = place.clone();
        move |error: reqwest::Error| TransferError::Backend {
            place: place.clone(),
            source: Box::new(error.without_url()),
        }
    };
    let content = response.bytes_stream().map_err(failed);
    Ok(Fetched::Stream(expected.check(place, content)))
}

/// Finds out whether the recorded content can still be had. No body is read.
pub(super) async fn check(
    resolver: &HttpResolver,
    object: &ReferenceObject,
) -> Result<(), ResolveError> {
    let target = url::target(&object.uri)?;
    let said = resolver.ask(Method::HEAD, &object.uri, &target.url).await;
    if said.is_ok_and(|response| compare(object, &response).is_ok()) {
        return Ok(());
    }
    let response = resolver.ask(Method::GET, &object.uri, &target.url).await?;
    compare(object, &response)
}

/// Compares what is there now with what was recorded.
fn compare(object: &ReferenceObject, response: &Response) -> Result<(), ResolveError> {
    let changed = |recorded: String, found: String| {
        Err(ResolveError::Changed {
            uri: object.uri.clone(),
            recorded,
            found,
        })
    };
    if super::etag::is_recorded(object) {
        let recorded = object.digest.to_string();
        return match etag(response) {
            Some(found) if super::etag::is_same(&recorded, &found) => Ok(()),
            Some(found) => changed(recorded, super::etag::digest_of(&found).to_owned()),
            None => changed(recorded, "without an ETag".to_owned()),
        };
    }
    match (object.size, length(response)) {
        (Some(recorded), Some(found)) if recorded != found => {
            changed(format!("{recorded} bytes"), format!("{found} bytes"))
        }
        _ => Ok(()),
    }
}

/// Returns the digest of the body, where the server gives a whole one.
fn content_md5(response: &Response) -> Option<[u8; 16]> {
    let value = response.headers().get("content-md5")?.to_str().ok()?;
    crate::net::md5_of_base64(value)
}
