//! What a blob is recorded as.

use artifact_core::ports::{ReferenceObject, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use reqwest::{Method, Response, header};

use super::api::Api;
use super::listed::Blob;
use super::url::BlobUrl;

/// Returns the blob that `at` names, unless there is none.
pub(super) async fn describe(
    api: &Api,
    at: &BlobUrl,
    uri: &ReferenceUri,
) -> Result<Option<ReferenceObject>, ResolveError> {
    let response = match api.blob(Method::HEAD, at, uri).await {
        Ok(response) => response,
        Err(ResolveError::NotFound { uri: missing }) if missing == *uri => return Ok(None),
        Err(error) => return Err(error),
    };
    let blob = blob_of(&response, at);
    if blob.is_folder && at.version.is_none() {
        return Ok(None);
    }
    object(blob, at, at.file_name().to_owned(), uri).map(Some)
}

fn blob_of(response: &Response, at: &BlobUrl) -> Blob {
    let header = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let length = header(header::CONTENT_LENGTH.as_str());
    Blob {
        name: at.name.clone(),
        etag: etag(response),
        size: length.and_then(|length| length.parse().ok()),
        version: header("x-ms-version-id"),
        is_folder: header("x-ms-meta-hdi_isfolder").as_deref() == Some("true"),
    }
}

/// Returns the ETag without its quotes.
pub(super) fn etag(response: &Response) -> String {
    let value = response.headers().get(header::ETAG);
    let value = value.and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim_matches('"').to_owned()
}

/// Returns what is recorded of a blob in the container of `at`.
pub(super) fn object(
    blob: Blob,
    at: &BlobUrl,
    relative_path: String,
    asked: &ReferenceUri,
) -> Result<ReferenceObject, ResolveError> {
    let uri = at.recorded(&blob.name, asked)?;
    let mut extra = serde_json::Map::new();
    let digest = if blob.etag.is_empty() {
        uri.as_str().to_owned()
    } else {
        extra.insert("etag".to_owned(), blob.etag.as_str().into());
        blob.etag
    };
    if let Some(version) = blob.version {
        extra.insert("versionID".to_owned(), version.into());
    }
    Ok(ReferenceObject {
        uri,
        relative_path,
        digest: EntryDigest::Opaque(digest.into()),
        size: blob.size,
        extra,
    })
}
