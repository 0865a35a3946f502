//! One entry of a manifest.

use std::sync::Arc;

use artifact_core::{ContentDigest, DigestAlgorithm, EntryDigest, ReferenceUri};
use serde_json::{Map, Value};

/// The key in `extra` that names a hash function other than MD5.
const ALGORITHM_KEY: &str = "alg";

/// What a version holds at one logical path.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestEntry {
    /// The digest of the content, or what a reference's store gives in its place.
    pub digest: EntryDigest,
    /// Where the content stays, for a reference.
    pub reference: Option<ReferenceUri>,
    /// Length in bytes; `None` where a reference's store does not say.
    pub size: Option<u64>,
    /// The registry's id of the version that first stored this content; `None` on references.
    pub birth_artifact: Option<Arc<str>>,
    /// What else is known: `etag`, `versionID`, `alg`.
    pub extra: Map<String, Value>,
}

impl ManifestEntry {
    /// Returns the entry of a stored file.
    #[must_use]
    pub fn file(digest: ContentDigest, size: u64) -> Self {
        let mut extra = Map::new();
        let algorithm = digest.algorithm();
        if algorithm != DigestAlgorithm::default() {
            extra.insert(ALGORITHM_KEY.to_owned(), Value::from(algorithm.as_str()));
        }
        Self {
            digest: digest.into(),
            reference: None,
            size: Some(size),
            birth_artifact: None,
            extra,
        }
    }

    /// Returns the entry of content that stays at `uri`.
    #[must_use]
    pub const fn reference(
        uri: ReferenceUri,
        digest: EntryDigest,
        size: Option<u64>,
        extra: Map<String, Value>,
    ) -> Self {
        Self {
            digest,
            reference: Some(uri),
            size,
            birth_artifact: None,
            extra,
        }
    }

    /// Reads the digest of an entry as a manifest file spells it.
    ///
    /// Only the digests of stored files, of `file:` references and of other artifacts' entries are known to be hashes
    /// of the content. Every other store gives what it likes, even if it looks like one.
    pub(crate) fn parse_digest(
        text: &str,
        reference: Option<&ReferenceUri>,
        extra: &Map<String, Value>,
    ) -> Result<EntryDigest, artifact_core::InvalidValue> {
        let algorithm = match extra.get(ALGORITHM_KEY) {
            None => DigestAlgorithm::default(),
            Some(Value::String(name)) => name.parse()?,
            Some(other) => {
                return Err(artifact_core::InvalidValue::new(
                    "digest algorithm",
                    other.to_string(),
                    "it is not a text",
                ));
            }
        };
        let content = ContentDigest::from_base64(algorithm, text);
        let Some(reference) = reference else {
            return content.map(EntryDigest::Content);
        };
        Ok(match content {
            Ok(digest) if matches!(reference.scheme().as_str(), "file" | "wandb-artifact") => {
                digest.into()
            }
            _ => EntryDigest::Opaque(text.into()),
        })
    }
}
