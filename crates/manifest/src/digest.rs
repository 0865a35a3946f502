//! The digest of a whole artifact.

use std::fmt;

use artifact_core::{ArtifactDigest, DigestAlgorithm, EntryDigest, LogicalPath};
use md5_lanes::Md5;
use twox_hash::XxHash3_128;

/// Computes an artifact's digest from its entries, fed in the order of their paths.
///
/// The hash goes over the line `wandb-artifact-manifest-v1` and one line `path:digest` per entry. Sizes, references
/// and `extra` do not count.
///
/// Source: section 5.3 of the wire protocol.
#[derive(Clone)]
pub struct ArtifactDigester(Hasher);

#[derive(Clone)]
enum Hasher {
    Md5(Md5),
    Xxh128(Box<XxHash3_128>),
}

impl ArtifactDigester {
    /// Returns the digester of an artifact without entries.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        let mut digester = Self(match algorithm {
            DigestAlgorithm::Md5 => Hasher::Md5(Md5::new()),
            DigestAlgorithm::Xxh128 => Hasher::Xxh128(Box::new(XxHash3_128::new())),
        });
        digester.write(b"wandb-artifact-manifest-v1\n");
        digester
    }

    /// Adds the entry at `path`, which must sort after every path before.
    pub fn entry(&mut self, path: &LogicalPath, digest: &EntryDigest) {
        self.write(path.as_str().as_bytes());
        self.write(b":");
        self.write(digest.to_string().as_bytes());
        self.write(b"\n");
    }

    /// Returns the digest.
    #[must_use]
    pub fn finish(self) -> ArtifactDigest {
        ArtifactDigest::from_bytes(match self.0 {
            Hasher::Md5(hasher) => hasher.finalize(),
            Hasher::Xxh128(hasher) => hasher.finish_128().to_be_bytes(),
        })
    }

    fn write(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Hasher::Md5(hasher) => hasher.update(bytes),
            Hasher::Xxh128(hasher) => hasher.write(bytes),
        }
    }
}

impl fmt::Debug for ArtifactDigester {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ArtifactDigester(..)")
    }
}
