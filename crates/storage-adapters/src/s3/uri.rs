//! `s3:` URIs.

use artifact_core::ReferenceUri;
use artifact_core::ports::{ReferenceObject, ResolveError};

use crate::net::{ObjectUri, bucket_and_key, parse_uri};

/// Parses a URI: the key is the rest of the text as it is, but for a last `?versionId=…`.
pub(super) fn parse(uri: &ReferenceUri) -> Result<ObjectUri, ResolveError> {
    let (text, version) = split_version(uri.as_str());
    let (bucket, key) = bucket_and_key("s3", text, uri)?;
    Ok(ObjectUri {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version: version.map(str::to_owned),
    })
}

/// Returns the object without a request.
pub(super) fn unresolved(
    at: &ObjectUri,
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
    parse_uri(&format!("s3://{bucket}/{key}"), requested)
}

/// Splits a last `?versionId=…` off, in any case. An empty version is none.
fn split_version(text: &str) -> (&str, Option<&str>) {
    const NAME: &str = "versionid=";
    let Some((before, query)) = text.rsplit_once('?') else {
        return (text, None);
    };
    match query.split_at_checked(NAME.len()) {
        Some((name, version)) if name.eq_ignore_ascii_case(NAME) => {
            (before, (!version.is_empty()).then_some(version))
        }
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String, Option<String>)> {
        let uri = text.parse().expect("a URI");
        let at = parse(&uri).ok()?;
        Some((at.bucket, at.key, at.version))
    }

    #[test]
    fn keys_are_the_rest_as_it_is() {
        for (text, key, version) in [
            ("S3://b", "", None),
            ("s3://b/", "", None),
            ("s3://b/k", "k", None),
            ("s3://b//a//b/", "/a//b/", None),
            ("s3://b/sp ace/%20", "sp ace/%20", None),
            ("s3://b/a?b#c", "a?b#c", None),
            ("s3://b/k?versionId=X", "k", Some("X")),
            ("s3://b/k?versionid=X", "k", Some("X")),
            ("s3://b/k?versionId=", "k", None),
            ("s3://b/a?b?versionId=X", "a?b", Some("X")),
        ] {
            let expected = ("b".to_owned(), key.to_owned(), version.map(str::to_owned));
            assert_eq!(parts(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_bucket_is_refused() {
        for text in ["s3:", "s3:b/k", "s3:///k", "s3://u:p@b/k", "s3://b?x/k"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn without_checksum_names_are_those_of_the_official_client() {
        for (text, name, uri) in [
            ("s3://b/dir/f", "dir/f", "s3://b/dir/f"),
            ("s3://b/dir/", "dir", "s3://b/dir/"),
            ("s3://b", "b", "s3://b/"),
            ("s3://b/k?versionId=X", "k", "s3://b/k"),
        ] {
            let asked = text.parse().expect("a URI");
            let at = parse(&asked).expect("an S3 URI");
            let object = unresolved(&at, &asked).expect("an object");
            assert_eq!(object.relative_path, name);
            assert_eq!(object.uri.as_str(), uri);
            assert_eq!(object.digest.to_string(), uri);
        }
    }

    #[test]
    fn a_prefix_ends_in_a_slash() {
        for (text, prefix) in [("s3://b", ""), ("s3://b/a", "a/"), ("s3://b/a/", "a/")] {
            let at = parse(&text.parse().expect("a URI")).expect("an S3 URI");
            assert_eq!(at.as_prefix(), prefix);
        }
    }
}
