//! The layout of the cache folder.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use artifact_core::ports::ReferenceObject;
use artifact_core::{ArtifactDigest, ContentDigest, DigestAlgorithm, EntryDigest, ReferenceUri};
use sha2::{Digest as _, Sha256};

/// The key of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Content(ContentDigest),
    Reference {
        uri: ReferenceUri,
        digest: Box<str>,
        size: u64,
    },
}

impl Key {
    pub(crate) fn reference(uri: &ReferenceUri, digest: &str, size: u64) -> Self {
        Self::Reference {
            uri: uri.clone(),
            digest: digest.into(),
            size,
        }
    }

    /// Returns the key of an object, if its content can be identified.
    pub(crate) fn of(object: &ReferenceObject) -> Option<Self> {
        match (&object.digest, object.size) {
            (EntryDigest::Content(digest), _) => Some(Self::Content(*digest)),
            // The URI as a digest does not identify content.
            (EntryDigest::Opaque(text), _) if **text == *object.uri.as_str() => None,
            (EntryDigest::Opaque(text), Some(size)) => {
                Some(Self::reference(&object.uri, text, size))
            }
            (EntryDigest::Opaque(_), None) => None,
        }
    }
}

const REFERENCES: &str = "etag";

/// The folder of files about versions, in the cache folder; the official client ignores it.
/// The names of its files that are not finished yet begin with `.tmp`.
pub const VERSIONS_FOLDER: &str = "wandb-rs-versions";

/// Whether a file in the [`VERSIONS_FOLDER`] is still being written.
pub(super) fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".tmp")
}

/// The suffix of a note's name.
pub(super) const NOTE: &str = "md5";

/// The folders of the cache.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
    artifacts: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            artifacts: root.join("artifacts"),
        }
    }

    /// Returns the folder of unfinished files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.artifacts.join("tmp")
    }

    /// Returns the folder of content that is downloaded here, to be adopted; the official client ignores it.
    pub(crate) fn staging(&self) -> PathBuf {
        self.root.join("wandb-rs-staging")
    }

    /// Returns the folder of files about versions.
    pub(crate) fn versions(&self) -> PathBuf {
        self.root.join(VERSIONS_FOLDER)
    }

    /// Returns the folder of all entries.
    pub(crate) fn entries(&self) -> PathBuf {
        self.artifacts.join("obj")
    }

    /// Returns the folder of references' entries.
    pub(crate) fn references(&self) -> PathBuf {
        self.entries().join(REFERENCES)
    }

    /// Returns the digest that the entry at `path` must have, if it is one by digest.
    pub(crate) fn digest(&self, path: &Path) -> Option<ContentDigest> {
        let mut parts = path.strip_prefix(self.entries()).ok()?.iter();
        let algorithm = DigestAlgorithm::from_folder(parts.next()?.to_str()?)?;
        let hex = format!("{}{}", parts.next()?.to_str()?, parts.next()?.to_str()?);
        let bytes = hex.parse::<ArtifactDigest>().ok()?;
        Some(ContentDigest::new(algorithm, *bytes.as_bytes()))
    }

    /// Returns the path of the content of `key`.
    pub(crate) fn path(&self, key: &Key) -> PathBuf {
        let (folder, hex) = match key {
            Key::Content(digest) => (digest.algorithm().folder(), hex(digest.bytes())),
            Key::Reference { uri, digest, .. } => {
                let both = Sha256::new()
                    .chain_update(Sha256::digest(uri.as_str()))
                    .chain_update(Sha256::digest(digest.as_bytes()));
                (REFERENCES, hex(&both.finalize()))
            }
        };
        self.entries().join(folder).join(&hex[..2]).join(&hex[2..])
    }

    /// Returns the path of the note about the content at `path`. The official client never looks for such a name, and
    /// its clean-up treats notes like entries.
    pub(crate) fn note(path: &Path) -> PathBuf {
        let mut name = OsString::from(path);
        name.push(".");
        name.push(NOTE);
        name.into()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(key: &Key) -> String {
        let path = Layout::new(Path::new("")).path(key);
        path.to_str().expect("UTF-8").replace('\\', "/")
    }

    #[test]
    fn paths_are_those_of_the_official_client() {
        let content = |algorithm, text| {
            Key::Content(ContentDigest::from_base64(algorithm, text).expect("a digest"))
        };
        let reference = |uri: &str, digest| Key::reference(&uri.parse().expect("a URI"), digest, 1);
        for (key, expected) in [
            (
                content(DigestAlgorithm::Md5, "sZRqySSS0jR8YjW00mERhA=="),
                "md5/b1/946ac92492d2347c6235b4d2611184",
            ),
            (
                content(DigestAlgorithm::Xxh128, "a7qGx+Bp9W1aELQ18cjknA=="),
                "xxh128/6b/ba86c7e069f56d5a10b435f1c8e49c",
            ),
            (
                reference(
                    "s3://my-bucket/model.h5",
                    "0696b705bebeea72274b9d0221a9d78f",
                ),
                "etag/2c/b323d93a10eb09c9e52890b5afe782f536c14323f9707971cfab8ecfc165cc",
            ),
            (
                reference("s3://bucket/key", "abc"),
                "etag/31/1d69135e4da76e29348caaa7f8706a4da8af14ad2c8e419c643b981a268630",
            ),
        ] {
            assert_eq!(path(&key), format!("artifacts/obj/{expected}"));
        }
    }
}
