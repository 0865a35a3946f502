//! What an object is recorded as.

use artifact_core::ports::{ReferenceObject, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};

use super::api::{Api, Metadata};
use super::uri::{GsUri, uri_of};

/// Returns the object that `at` names, unless there is none.
pub(super) async fn describe(
    api: &Api,
    at: &GsUri,
    uri: &ReferenceUri,
) -> Result<Option<ReferenceObject>, ResolveError> {
    match api.metadata(at, uri).await {
        Ok(found) => object(found, at, at.file_name().to_owned(), uri).map(Some),
        Err(ResolveError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns what is recorded of an object in the bucket of `at`.
pub(super) fn object(
    found: Metadata,
    at: &GsUri,
    relative_path: String,
    asked: &ReferenceUri,
) -> Result<ReferenceObject, ResolveError> {
    let uri = uri_of(&at.bucket, &found.name, asked)?;
    let digest = found.etag.unwrap_or_else(|| uri.as_str().to_owned());
    let mut extra = serde_json::Map::new();
    if let Some(generation) = found.generation {
        extra.insert("versionID".to_owned(), generation.into());
    }
    Ok(ReferenceObject {
        uri,
        relative_path,
        digest: EntryDigest::Opaque(digest.into()),
        size: found.size,
        extra,
    })
}
