//! Computes the digest that content was announced with.

use artifact_core::{ContentDigest, DigestAlgorithm};
use md5_lanes::Md5;
use twox_hash::XxHash3_128;

/// Computes a [`ContentDigest`] over content that comes in pieces.
pub(crate) enum ContentHasher {
    Md5(Md5),
    Xxh128(Box<XxHash3_128>),
}

impl ContentHasher {
    pub(crate) fn new(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Md5 => Self::Md5(Md5::new()),
            DigestAlgorithm::Xxh128 => Self::Xxh128(Box::new(XxHash3_128::new())),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Xxh128(hasher) => hasher.write(bytes),
        }
    }

    pub(crate) fn finish(self) -> ContentDigest {
        match self {
            Self::Md5(hasher) => ContentDigest::Md5(hasher.finalize()),
            Self::Xxh128(hasher) => ContentDigest::Xxh128(hasher.finish_128().to_be_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_protocol() {
        // Source: the worked example of wire protocol section 5.3.
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
