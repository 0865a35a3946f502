//! Opening and checking recorded URLs.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError};
use reqwest::{Method, Response};

use super::resolver::{etag, length};
use super::{HttpResolver, uri};
use crate::net::Expected;

pub(super) async fn open(
    resolver: &HttpResolver,
    object: &ReferenceObject,
) -> Result<Fetched, ResolveError> {
    let target = uri::target(&object.uri)?;
    let response = resolver.ask(Method::GET, &object.uri, &target.url).await?;
    compare(object, &response)?;
    let expected = Expected {
        length: length(&response),
        md5: content_md5(&response),
        ..Expected::default()
    };
    Ok(expected.stream(object, response))
}

/// Checks whether the recorded content still exists. No body is read.
pub(super) async fn check(
    resolver: &HttpResolver,
    object: &ReferenceObject,
) -> Result<(), ResolveError> {
    let target = uri::target(&object.uri)?;
    let said = resolver.ask(Method::HEAD, &object.uri, &target.url).await;
    if said.is_ok_and(|response| compare(object, &response).is_ok()) {
        return Ok(());
    }
    let response = resolver.ask(Method::GET, &object.uri, &target.url).await?;
    compare(object, &response)
}

/// Compares a response with the record.
fn compare(object: &ReferenceObject, response: &Response) -> Result<(), ResolveError> {
    let changed = |recorded: String, found: String| {
        Err(ResolveError::Changed {
            uri: object.uri.clone(),
            recorded,
            found,
        })
    };
    if super::open::is_recorded(object) {
        let recorded = object.digest.to_string();
        return match etag(response) {
            Some(found) if super::open::is_same(&recorded, &found) => Ok(()),
            Some(found) => changed(recorded, super::open::digest_of(&found).to_owned()),
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

/// Returns the digest of the body, if the response has it.
fn content_md5(response: &Response) -> Option<[u8; 16]> {
    let value = response.headers().get("content-md5")?.to_str().ok()?;
    crate::net::md5_of_base64(value)
}

/// Returns a raw `ETag` header without its outer quotes, the digest of entries.
pub(super) fn digest_of(raw: &str) -> &str {
    let text = raw.strip_prefix('"').unwrap_or(raw);
    text.strip_suffix('"').unwrap_or(text)
}

/// Whether `object` was recorded with an `ETag`, rather than with its URL for a digest.
fn is_recorded(object: &ReferenceObject) -> bool {
    object.extra.contains_key("etag")
}

/// Whether two tags, in any of their spellings, are the same.
fn is_same(one: &str, other: &str) -> bool {
    bare(one) == bare(other)
}

/// Returns the tag without weakness, quotes and the suffix of a compressed variant: the official client requests
/// compression, so it may have recorded the tag of one.
fn bare(tag: &str) -> &str {
    let tag = digest_of(tag.strip_prefix("W/").unwrap_or(tag));
    let marks = ["-gzip", ";gzip", "--gzip", "-br", ";br"];
    marks
        .into_iter()
        .find_map(|mark| tag.strip_suffix(mark))
        .unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outer_quotes_go() {
        for (raw, digest) in [
            ("\"abc123\"", "abc123"),
            ("W/\"weak1\"", "W/\"weak1"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(digest_of(raw), digest);
        }
    }

    #[test]
    fn spellings_of_a_tag_are_the_same_and_other_tags_are_not() {
        for one in ["\"a1\"", "a1", "W/\"a1\"", "W/\"a1", "\"a1-gzip\""] {
            assert!(is_same(one, "\"a1\""), "{one}");
        }
        assert!(!is_same("\"a1\"", "\"a2\""));
    }
}
