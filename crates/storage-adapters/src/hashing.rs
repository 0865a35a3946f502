//! Hashing content as it passes.

use std::io::{self, Read};

use artifact_core::{ContentDigest, DigestAlgorithm};
use md5_lanes::Md5;
use twox_hash::XxHash3_128;

use crate::blocking::Abandoned;

/// Bytes per read.
pub(crate) const CHUNK: usize = 256 * 1024;

/// The digest of content that arrives in pieces.
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

/// Hands each chunk of `content` to `take`, until its end or until nobody waits any more; returns their length.
pub(crate) fn each_chunk<E: From<io::Error>>(
    content: &mut impl Read,
    abandoned: &Abandoned,
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let mut chunk = vec![0; CHUNK];
    let mut length = 0;
    loop {
        abandoned.check()?;
        match content.read(&mut chunk) {
            Ok(0) => return Ok(length),
            Ok(read) => {
                take(&chunk[..read])?;
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_official_client() {
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
