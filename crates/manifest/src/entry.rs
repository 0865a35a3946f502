//! One entry of a manifest.

use std::sync::Arc;

use artifact_core::{ContentDigest, DigestAlgorithm, EntryDigest, ReferenceUri};
use serde_json::{Map, Value};

/// The key in `extra` that names a hash function other than MD5.
const ALGORITHM_KEY: &str = "alg";

/// The content of a version at one logical path.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestEntry {
    /// The digest of the content, or the opaque digest from a reference's store.
    pub digest: EntryDigest,
    /// The URI of the content, for a reference.
    pub reference: Option<ReferenceUri>,
    /// Size in bytes; `None` if a reference's store does not report it.
    pub size: Option<u64>,
    /// The registry's id of the version that first stored this content; `None` on references.
    pub birth_artifact: Option<Arc<str>>,
    /// Other fields: `etag`, `versionID`, `alg`.
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
    /// Only the digests of stored files, of `file:` references and of other artifacts' entries are hashes of the
    /// content. Those of every other store are opaque, even if they look like hashes.
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
