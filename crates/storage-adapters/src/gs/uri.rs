//! What a `gs:` URI names.

use artifact_core::ports::{ReferenceObject, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};

/// The parts of a `gs:` URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GsUri {
    pub(super) bucket: String,
    pub(super) name: String,
    pub(super) generation: Option<i64>,
}

impl GsUri {
    /// Parses what a user wrote.
    pub(super) fn parse(uri: &ReferenceUri) -> Result<Self, ResolveError> {
        let (text, generation) = split_generation(uri.as_str());
        Self::of(text, generation, uri)
    }

    /// Parses what was recorded, which holds no generation.
    pub(super) fn parse_recorded(uri: &ReferenceUri) -> Result<Self, ResolveError> {
        Self::of(uri.as_str(), None, uri)
    }

    fn of(text: &str, generation: Option<i64>, uri: &ReferenceUri) -> Result<Self, ResolveError> {
        let unsupported = |reason: &str| ResolveError::Unsupported {
            uri: uri.clone(),
            reason: reason.to_owned(),
        };
        let rest = text
            .strip_prefix("gs://")
            .ok_or_else(|| unsupported("it does not start with `gs://bucket`"))?;
        let (bucket, name) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(unsupported("it names no bucket"));
        }
        if bucket.contains(['?', '#', '@', ':', '%', ' ']) {
            return Err(unsupported("what it names as its bucket cannot be one"));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            name: name.trim_start_matches('/').to_owned(),
            generation,
        })
    }

    /// Returns the prefix that the name stands for: what is below it, but none of its siblings.
    pub(super) fn as_prefix(&self) -> String {
        match self.name.as_str() {
            "" => String::new(),
            name if name.ends_with('/') => name.to_owned(),
            name => format!("{name}/"),
        }
    }

    pub(super) fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Returns the object without asking for it. Its name is the whole name, or the bucket's where there is none.
    pub(super) fn unread(&self, asked: &ReferenceUri) -> Result<ReferenceObject, ResolveError> {
        let uri = uri_of(&self.bucket, &self.name, asked)?;
        let path = match self.name.trim_end_matches('/') {
            "" => &self.bucket,
            name => name,
        };
        let mut extra = serde_json::Map::new();
        if let Some(generation) = self.generation {
            extra.insert("versionID".to_owned(), generation.into());
        }
        Ok(ReferenceObject {
            digest: EntryDigest::Opaque(uri.as_str().into()),
            relative_path: path.to_owned(),
            uri,
            size: None,
            extra,
        })
    }
}

/// Returns the URI of an object.
pub(super) fn uri_of(
    bucket: &str,
    name: &str,
    asked: &ReferenceUri,
) -> Result<ReferenceUri, ResolveError> {
    let uri = format!("gs://{bucket}/{name}").parse();
    uri.map_err(|source| ResolveError::Name {
        uri: asked.clone(),
        source,
    })
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
            let at = GsUri::parse(&text.parse().expect("a URI")).expect(text);
            assert_eq!((&*at.name, at.generation), (name, generation), "{text}");
        }
    }

    #[test]
    fn what_was_recorded_holds_no_generation() {
        let at = GsUri::parse_recorded(&"gs://b/k#17".parse().expect("a URI")).expect("parts");
        assert_eq!((&*at.name, at.generation), ("k#17", None));
    }

    #[test]
    fn what_names_no_bucket_is_refused() {
        for text in ["gs:", "gs:b/k", "gs:///k", "gs://b#1x/k"] {
            assert!(
                GsUri::parse(&text.parse().expect("a URI")).is_err(),
                "{text}"
            );
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
            let object = GsUri::parse(&asked).and_then(|at| at.unread(&asked));
            let object = object.expect("an object");
            assert_eq!((&*object.relative_path, object.uri.as_str()), (path, uri));
            assert_eq!(object.digest.to_string(), uri);
        }
    }
}
