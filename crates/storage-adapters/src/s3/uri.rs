//! What an `s3:` URI names.

use artifact_core::ports::{ReferenceObject, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};

/// The parts of an `s3:` URI.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct S3Uri {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) version: Option<String>,
}

impl S3Uri {
    pub(super) fn parse(uri: &ReferenceUri) -> Result<Self, ResolveError> {
        let unsupported = |reason: &str| ResolveError::Unsupported {
            uri: uri.clone(),
            reason: reason.to_owned(),
        };
        let rest = uri
            .as_str()
            .strip_prefix("s3://")
            .ok_or_else(|| unsupported("it does not start with `s3://bucket`"))?;
        let (rest, version) = split_version(rest);
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(unsupported("it names no bucket"));
        }
        if bucket.contains(['?', '#', '@', ':', '%', ' ']) {
            return Err(unsupported("what it names as its bucket cannot be one"));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: version.map(str::to_owned),
        })
    }

    /// Returns the prefix that the key stands for: what is below it, but none of its siblings.
    pub(super) fn as_prefix(&self) -> String {
        match self.key.as_str() {
            "" => String::new(),
            key if key.ends_with('/') => key.to_owned(),
            key => format!("{key}/"),
        }
    }

    pub(super) fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }

    /// Returns the object without asking for it. Its name is the whole key, or the bucket's where there is no key.
    pub(super) fn unread(&self, asked: &ReferenceUri) -> Result<ReferenceObject, ResolveError> {
        let uri = uri_of(&self.bucket, &self.key, asked)?;
        let name = match self.key.trim_matches('/') {
            "" => &self.bucket,
            name => name,
        };
        let mut extra = serde_json::Map::new();
        if let Some(version) = &self.version {
            extra.insert("versionID".to_owned(), version.as_str().into());
        }
        Ok(ReferenceObject {
            digest: EntryDigest::Opaque(uri.as_str().into()),
            relative_path: name.to_owned(),
            uri,
            size: None,
            extra,
        })
    }
}

/// Returns the URI of an object.
pub(super) fn uri_of(
    bucket: &str,
    key: &str,
    asked: &ReferenceUri,
) -> Result<ReferenceUri, ResolveError> {
    let uri = format!("s3://{bucket}/{key}").parse();
    uri.map_err(|source| ResolveError::Name {
        uri: asked.clone(),
        source,
    })
}

/// Splits a last `?versionId=…` off. The parameter's case does not count, and an empty version is none.
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

    fn parse(text: &str) -> Option<(String, String, Option<String>)> {
        let uri = text.parse().expect("a URI");
        let at = S3Uri::parse(&uri).ok()?;
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
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_bucket_is_refused() {
        for text in ["s3:", "s3:b/k", "s3:///k", "s3://u:p@b/k", "s3://b?x/k"] {
            assert_eq!(parse(text), None, "{text}");
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
            let at = S3Uri::parse(&asked).expect("an S3 URI");
            let object = at.unread(&asked).expect("an object");
            assert_eq!(object.relative_path, name);
            assert_eq!(object.uri.as_str(), uri);
            assert_eq!(object.digest.to_string(), uri);
        }
    }

    #[test]
    fn a_prefix_ends_in_a_slash() {
        for (text, prefix) in [("s3://b", ""), ("s3://b/a", "a/"), ("s3://b/a/", "a/")] {
            let at = S3Uri::parse(&text.parse().expect("a URI")).expect("an S3 URI");
            assert_eq!(at.as_prefix(), prefix);
        }
    }
}
