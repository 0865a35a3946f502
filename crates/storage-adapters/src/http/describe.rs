//! What a URL's headers make of it.

use artifact_core::EntryDigest;
use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};
use reqwest::{Method, Response, header};

use super::{HttpResolver, etag, url};

pub(super) async fn describe(
    resolver: &HttpResolver,
    uri: &ReferenceUri,
    checksum: bool,
) -> Result<ReferenceObject, ResolveError> {
    let target = url::target(uri)?;
    let mut object = ReferenceObject {
        digest: EntryDigest::Opaque(target.recorded.as_str().into()),
        uri: target.recorded,
        relative_path: target.name,
        size: None,
        extra: serde_json::Map::new(),
    };
    if !checksum {
        return Ok(object);
    }
    let response = resolver.ask(Method::GET, uri, &target.url).await?;
    object.size = length(&response);
    if let Some(raw) = etag(&response) {
        object.digest = EntryDigest::Opaque(etag::digest_of(&raw).into());
        object.extra.insert("etag".to_owned(), raw.into());
    }
    Ok(object)
}

/// Returns the raw `ETag`; an empty one identifies nothing.
pub(super) fn etag(response: &Response) -> Option<String> {
    let raw = response.headers().get(header::ETAG)?;
    let raw = String::from_utf8_lossy(raw.as_bytes()).into_owned();
    (!etag::digest_of(&raw).is_empty()).then_some(raw)
}

pub(super) fn length(response: &Response) -> Option<u64> {
    let length = response.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.trim().parse().ok()
}
