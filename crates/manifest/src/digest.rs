//! The digest of a whole artifact.

use std::fmt::Write as _;

use artifact_core::{ArtifactDigest, DigestAlgorithm, EntryDigest, LogicalPath};

use crate::ContentHasher;

/// Computes an artifact's digest from its entries, fed in the order of their paths.
///
/// The hash goes over the line `wandb-artifact-manifest-v1` and one line `path:digest` per entry. Sizes, references
/// and `extra` do not count.
///
/// Source: section 5.3 of the wire protocol.
#[derive(Debug, Clone)]
pub struct ArtifactDigester {
    hasher: ContentHasher,
    /// Lines that are not hashed yet: a call for every few bytes would take longer than the hash itself.
    lines: String,
}

impl ArtifactDigester {
    /// Creates the digester of an artifact without entries.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self {
            hasher: ContentHasher::new(algorithm),
            lines: "wandb-artifact-manifest-v1\n".to_owned(),
        }
    }

    /// Adds the entry at `path`, which must sort after every path before.
    pub fn entry(&mut self, path: &LogicalPath, digest: &EntryDigest) {
        const ENOUGH: usize = 16 << 10;
        self.lines.push_str(path.as_str());
        // Writing to a text never fails.
        _ = writeln!(self.lines, ":{digest}");
        if ENOUGH <= self.lines.len() {
            self.hasher.update(self.lines.as_bytes());
            self.lines.clear();
        }
    }

    /// Returns the digest.
    #[must_use]
    pub fn finish(mut self) -> ArtifactDigest {
        self.hasher.update(self.lines.as_bytes());
        ArtifactDigest::from_bytes(*self.hasher.finish().bytes())
    }
}
