//! The content of a recorded blob.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError};
use reqwest::{Method, Response};

use super::client::Api;
use super::resolver::etag;
use super::uri::BlobUrl;
use crate::net::{Expected, md5_of_base64};

pub(super) async fn open(api: &Api, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
    let got = find(api, Method::GET, object).await?;
    Ok(fetched(object, got))
}

/// Requests the recorded content, or with HEAD its properties.
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
        at.object.version = Some(version.to_owned());
    }
    let (at, got) = get(api, &method, at, object).await?;
    let Some(recorded) = object.extra.get("etag").and_then(|etag| etag.as_str()) else {
        return Ok(got);
    };
    let found = etag(&got);
    if recorded == found {
        return Ok(got);
    }
    // Dropped, because an unread body holds a connection.
    drop(got);
    let older = match at.object.version {
        Some(_) => None,
        None => version_with(api, &at, recorded, object).await,
    };
    if let Some(version) = older {
        let mut older = at;
        older.object.version = Some(version);
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

/// Requests the blob by each spelling of its name; returns the first that exists.
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

/// Returns the version of the blob with this ETag; `None` if versions cannot be listed.
async fn version_with(
    api: &Api,
    at: &BlobUrl,
    etag: &str,
    object: &ReferenceObject,
) -> Option<String> {
    let mut marker = String::new();
    loop {
        let listed = api
            .list(at, &at.object.key, "versions", &marker, &object.uri)
            .await;
        let listed = listed.ok()?;
        let mut blobs = listed.blobs.iter();
        let found = blobs.find(|blob| blob.name == at.object.key && blob.etag == etag);
        if let Some(found) = found {
            return found.version.clone();
        }
        // Names are in order: those of siblings follow.
        let is_past = listed
            .blobs
            .last()
            .is_some_and(|blob| blob.name != at.object.key);
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
    expected.stream(object, response)
}
