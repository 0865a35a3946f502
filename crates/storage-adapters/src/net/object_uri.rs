//! Objects of a store: the parts of their URIs, and what is recorded of them.

use artifact_core::ports::{ReferenceObject, ResolveError};
use artifact_core::{EntryDigest, ReferenceUri};
use serde_json::{Map, Value};

/// The bucket or container, the key, and the version that a URI names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectUri<V = String> {
    pub(crate) bucket: String,
    /// The key; empty for the whole bucket.
    pub(crate) key: String,
    pub(crate) version: Option<V>,
}

impl<V: Clone + Into<Value>> ObjectUri<V> {
    /// Returns the prefix that the key stands for: the objects below it, without siblings of the same beginning.
    pub(crate) fn as_prefix(&self) -> String {
        match self.key.as_str() {
            "" => String::new(),
            key if key.ends_with('/') => key.to_owned(),
            key => format!("{key}/"),
        }
    }

    /// Returns the last segment of the key.
    pub(crate) fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }

    /// Returns the object without a request. It is recorded as `uri`, and named by the whole key, or the bucket if there
    /// is no key.
    pub(crate) fn unresolved(&self, uri: ReferenceUri) -> ReferenceObject {
        let name = match self.key.trim_matches('/') {
            "" => &self.bucket,
            key => key,
        };
        let mut extra = Map::new();
        if let Some(version) = &self.version {
            extra.insert("versionID".to_owned(), version.clone().into());
        }
        ReferenceObject {
            digest: EntryDigest::Opaque(uri.as_str().into()),
            relative_path: name.to_owned(),
            uri,
            size: None,
            extra,
        }
    }
}

/// Splits `text`, a URI of the form `scheme://bucket/key`, into bucket and key.
#[cfg(any(feature = "s3", feature = "gs"))]
pub(crate) fn bucket_and_key<'a>(
    scheme: &str,
    text: &'a str,
    uri: &ReferenceUri,
) -> Result<(&'a str, &'a str), ResolveError> {
    let unsupported = |reason: String| ResolveError::Unsupported {
        uri: uri.clone(),
        reason,
    };
    let rest = text.strip_prefix(scheme);
    let rest = rest.and_then(|rest| rest.strip_prefix("://"));
    let rest =
        rest.ok_or_else(|| unsupported(format!("it does not start with `{scheme}://bucket`")))?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(unsupported("it names no bucket".to_owned()));
    }
    if bucket.contains(['?', '#', '@', ':', '%', ' ']) {
        return Err(unsupported("its bucket name is invalid".to_owned()));
    }
    Ok((bucket, key))
}

/// Parses the URI of an object that was found while resolving `requested`.
pub(crate) fn parse_uri(
    text: &str,
    requested: &ReferenceUri,
) -> Result<ReferenceUri, ResolveError> {
    text.parse().map_err(|source| ResolveError::Name {
        uri: requested.clone(),
        source,
    })
}

/// Returns the error for an object whose key ends in `/` although it has content.
pub(crate) fn folder_with_content(uri: Result<ReferenceUri, ResolveError>) -> ResolveError {
    match uri {
        Ok(uri) => ResolveError::Unsupported {
            uri,
            reason:
                "its name ends in `/` and it has content, so it can be neither a file nor a folder"
                    .to_owned(),
        },
        Err(error) => error,
    }
}
