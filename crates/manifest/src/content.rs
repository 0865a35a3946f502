//! The digest of content.

use std::fmt;

use artifact_core::{ContentDigest, DigestAlgorithm};
use md5_lanes::Md5;
use twox_hash::XxHash3_128;

/// Computes the digest of content that comes in pieces.
#[derive(Clone)]
pub struct ContentHasher(State);

#[derive(Clone)]
enum State {
    Md5(Md5),
    Xxh128(Box<XxHash3_128>),
}

impl ContentHasher {
    /// Returns the hasher of no content yet.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Md5 => State::Md5(Md5::new()),
            DigestAlgorithm::Xxh128 => State::Xxh128(Box::new(XxHash3_128::new())),
        })
    }

    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Md5(state) => state.update(bytes),
            State::Xxh128(state) => state.write(bytes),
        }
    }

    /// Returns the digest of all pieces.
    #[must_use]
    pub fn finish(self) -> ContentDigest {
        match self.0 {
            State::Md5(state) => ContentDigest::Md5(state.finalize()),
            State::Xxh128(state) => ContentDigest::Xxh128(state.finish_128().to_be_bytes()),
        }
    }

    /// Returns the digest of `content`, which is all there.
    #[must_use]
    pub fn digest(algorithm: DigestAlgorithm, content: &[u8]) -> ContentDigest {
        let mut hasher = Self::new(algorithm);
        hasher.update(content);
        hasher.finish()
    }
}

impl fmt::Debug for ContentHasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ContentHasher(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_official_clients() {
        for (algorithm, expected) in [
            (DigestAlgorithm::Md5, "sZRqySSS0jR8YjW00mERhA=="),
            (DigestAlgorithm::Xxh128, "a7qGx+Bp9W1aELQ18cjknA=="),
        ] {
            let mut hasher = ContentHasher::new(algorithm);
            hasher.update(b"hel");
            hasher.update(b"lo\n");
            assert_eq!(hasher.finish().to_string(), expected);
        }
    }
}
