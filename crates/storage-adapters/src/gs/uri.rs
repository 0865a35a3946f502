//! `gs:` URIs.

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};

use crate::net::{ObjectUri, bucket_and_key, parse_uri};

/// The parts of a URI. The version is a generation.
pub(super) type GsUri = ObjectUri<i64>;

/// Parses a URI that a user wrote: the key is the rest of the text as it is, but for a last `#` and digits, the
/// generation.
pub(super) fn parse(uri: &ReferenceUri) -> Result<GsUri, ResolveError> {
    let (text, generation) = split_generation(uri.as_str());
    object_at(text, generation, uri)
}

/// Parses a URI that was recorded, which has no generation.
pub(super) fn parse_recorded(uri: &ReferenceUri) -> Result<GsUri, ResolveError> {
    object_at(uri.as_str(), None, uri)
}

fn object_at(
    text: &str,
    generation: Option<i64>,
    uri: &ReferenceUri,
) -> Result<GsUri, ResolveError> {
    let (bucket, key) = bucket_and_key("gs", text, uri)?;
    Ok(ObjectUri {
        bucket: bucket.to_owned(),
        key: key.trim_start_matches('/').to_owned(),
        version: generation,
    })
}

/// Returns the object without a request.
pub(super) fn unresolved(
    at: &GsUri,
    requested: &ReferenceUri,
) -> Result<ReferenceObject, ResolveError> {
    Ok(at.unresolved(uri_of(&at.bucket, &at.key, requested)?))
}

/// Returns the URI of an object.
pub(super) fn uri_of(
    bucket: &str,
    key: &str,
    requested: &ReferenceUri,
) -> Result<ReferenceUri, ResolveError> {
    parse_uri(&format!("gs://{bucket}/{key}"), requested)
}

fn split_generation(text: &str) -> (&str, Option<i64>) {
    let Some((before, generation)) = text.rsplit_once('#') else {
        return (text, None);
    };
    let is_number = generation.bytes().all(|byte| byte.is_ascii_digit());
    match generation.parse() {
        Ok(number) if is_number => (before, Some(number)),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_rest_as_it_is() {
        for (text, name, generation) in [
            ("GS://b", "", None),
            ("gs://b/", "", None),
            ("gs://b//model.h5", "model.h5", None),
            ("gs://b/a//b", "a//b", None),
            ("gs://b/sp ace/%20?x=1", "sp ace/%20?x=1", None),
            ("gs://b/k#17", "k", Some(17)),
            ("gs://b/k#1a", "k#1a", None),
            ("gs://b/k#", "k#", None),
            ("gs://b/k#+1", "k#+1", None),
        ] {
            let at = parse(&text.parse().expect("a URI")).expect(text);
            assert_eq!((&*at.key, at.version), (name, generation), "{text}");
        }
    }

    #[test]
    fn what_was_recorded_holds_no_generation() {
        let at = parse_recorded(&"gs://b/k#17".parse().expect("a URI")).expect("parts");
        assert_eq!((&*at.key, at.version), ("k#17", None));
    }

    #[test]
    fn what_names_no_bucket_is_refused() {
        for text in ["gs:", "gs:b/k", "gs:///k", "gs://b#1x/k"] {
            assert!(parse(&text.parse().expect("a URI")).is_err(), "{text}");
        }
    }

    #[test]
    fn without_checksum_names_are_those_of_the_official_client() {
        for (text, path, uri) in [
            ("gs://b/dir/f", "dir/f", "gs://b/dir/f"),
            ("gs://b/dir/f#17", "dir/f", "gs://b/dir/f"),
            ("gs://b", "b", "gs://b/"),
        ] {
            let asked = text.parse().expect("a URI");
            let object = parse(&asked).and_then(|at| unresolved(&at, &asked));
            let object = object.expect("an object");
            assert_eq!((&*object.relative_path, object.uri.as_str()), (path, uri));
            assert_eq!(object.digest.to_string(), uri);
        }
    }
}
