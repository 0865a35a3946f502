//! The digest of a whole artifact.

use artifact_core::{ArtifactDigest, DigestAlgorithm, EntryDigest, LogicalPath};

use crate::ContentHasher;

/// Computes an artifact's digest from its entries, fed in the order of their paths.
///
/// The hash goes over the line `wandb-artifact-manifest-v1` and one line `path:digest` per entry. Sizes, references
/// and `extra` do not count.
///
/// Source: section 5.3 of the wire protocol.
#[derive(Debug, Clone)]
pub struct ArtifactDigester(ContentHasher);

impl ArtifactDigester {
    /// Returns the digester of an artifact without entries.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        let mut hasher = ContentHasher::new(algorithm);
        hasher.update(b"wandb-artifact-manifest-v1\n");
        Self(hasher)
    }

    /// Adds the entry at `path`, which must sort after every path before.
    pub fn entry(&mut self, path: &LogicalPath, digest: &EntryDigest) {
        self.0.update(path.as_str().as_bytes());
        self.0.update(b":");
        self.0.update(digest.to_string().as_bytes());
        self.0.update(b"\n");
    }

    /// Returns the digest.
    #[must_use]
    pub fn finish(self) -> ArtifactDigest {
        ArtifactDigest::from_bytes(*self.0.finish().bytes())
    }
}
