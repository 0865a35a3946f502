//! The content of a recorded blob.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError, TransferError};
use futures::TryStreamExt as _;
use reqwest::{Method, Response};

use super::api::Api;
use super::describe::etag;
use super::url::BlobUrl;
use crate::net::{Expected, md5_of_base64};

pub(super) async fn open(api: &Api, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
    let got = find(api, Method::GET, object).await?;
    Ok(fetched(object, got))
}

/// Asks for the content that was recorded, or with HEAD for what is known of it.
pub(super) async fn find(
    api: &Api,
    method: Method,
    object: &ReferenceObject,
) -> Result<Response, ResolveError> {
    let mut at = BlobUrl::parse(&object.uri, &api.config)?;
    let version = object
        .extra
        .get("versionID")
        .and_then(|version| version.as_str());
    if let Some(version) = version {
        at.version = Some(version.to_owned());
    }
    let (at, got) = get(api, &method, at, object).await?;
    let Some(recorded) = object.extra.get("etag").and_then(|etag| etag.as_str()) else {
        return Ok(got);
    };
    let found = etag(&got);
    if recorded == found {
        return Ok(got);
    }
    // Its body is not read; it would hold a connection.
    drop(got);
    let older = match at.version {
        Some(_) => None,
        None => version_with(api, &at, recorded, object).await,
    };
    if let Some(version) = older {
        let older = BlobUrl {
            version: Some(version),
            ..at
        };
        let (_, got) = get(api, &method, older, object).await?;
        if etag(&got) == recorded {
            return Ok(got);
        }
    }
    Err(ResolveError::Changed {
        uri: object.uri.clone(),
        recorded: recorded.to_owned(),
        found,
    })
}

/// Asks for the blob by each spelling of its name; returns the one that it has.
async fn get(
    api: &Api,
    method: &Method,
    at: BlobUrl,
    object: &ReferenceObject,
) -> Result<(BlobUrl, Response), ResolveError> {
    let mut missing = None;
    for at in at.spellings() {
        match api.blob(method.clone(), &at, &object.uri).await {
            Ok(response) => return Ok((at, response)),
            Err(error @ ResolveError::NotFound { .. }) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(missing.unwrap_or_else(|| ResolveError::NotFound {
        uri: object.uri.clone(),
    }))
}

/// Returns the version of the blob that has this ETag; none where versions cannot be listed.
async fn version_with(
    api: &Api,
    at: &BlobUrl,
    etag: &str,
    object: &ReferenceObject,
) -> Option<String> {
    let mut marker = String::new();
    loop {
        let listed = api
            .list(at, &at.name, "versions", &marker, &object.uri)
            .await;
        let listed = listed.ok()?;
        let mut blobs = listed.blobs.iter();
        let found = blobs.find(|blob| blob.name == at.name && blob.etag == etag);
        if let Some(found) = found {
            return found.version.clone();
        }
        // Names come in order: those of siblings follow.
        let is_past = listed.blobs.last().is_some_and(|blob| blob.name != at.name);
        if is_past || listed.next.is_empty() {
            return None;
        }
        marker = listed.next;
    }
}

fn fetched(object: &ReferenceObject, response: Response) -> Fetched {
    let md5 = response.headers().get("content-md5");
    let md5 = md5.and_then(|value| value.to_str().ok());
    let expected = Expected {
        length: response.content_length(),
        md5: md5.and_then(md5_of_base64),
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
    Fetched::Stream(expected.check(place, content))
}
