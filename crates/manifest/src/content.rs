//! Hashing of content: the only place that names the hash functions behind the digest algorithms.

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
            State::Xxh128(state) => xxh128(state.finish_128()),
        }
    }

    /// Returns the digest of `content`.
    #[must_use]
    pub fn digest(algorithm: DigestAlgorithm, content: &[u8]) -> ContentDigest {
        match algorithm {
            DigestAlgorithm::Md5 => ContentDigest::Md5(Md5::digest(content)),
            DigestAlgorithm::Xxh128 => xxh128(XxHash3_128::oneshot(content)),
        }
    }

    /// Returns the digest of each of `contents`, hashed side by side where the hash function gains by it.
    #[must_use]
    pub fn digest_each(algorithm: DigestAlgorithm, contents: &[&[u8]]) -> Vec<ContentDigest> {
        match algorithm {
            DigestAlgorithm::Md5 => md5_lanes::digest_many(contents)
                .into_iter()
                .map(ContentDigest::Md5)
                .collect(),
            DigestAlgorithm::Xxh128 => contents
                .iter()
                .map(|content| Self::digest(algorithm, content))
                .collect(),
        }
    }
}

const fn xxh128(hash: u128) -> ContentDigest {
    ContentDigest::Xxh128(hash.to_be_bytes())
}

/// Computes the digests of several contents that come in pieces and advance together.
///
/// Side by side, MD5 is several times as fast as one content after the other.
pub struct LaneHashers(States);

enum States {
    Md5(Vec<Md5>),
    Xxh128(Vec<XxHash3_128>),
}

impl LaneHashers {
    /// Returns hashers of no contents yet.
    #[must_use]
    pub const fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Md5 => States::Md5(Vec::new()),
            DigestAlgorithm::Xxh128 => States::Xxh128(Vec::new()),
        })
    }

    /// Appends an empty content.
    pub fn push(&mut self) {
        match &mut self.0 {
            States::Md5(states) => states.push(Md5::new()),
            States::Xxh128(states) => states.push(XxHash3_128::new()),
        }
    }

    /// Takes the next piece of each content, in their order.
    ///
    /// # Panics
    /// When there are not as many pieces as contents.
    pub fn update(&mut self, pieces: &[&[u8]]) {
        match &mut self.0 {
            States::Md5(states) => md5_lanes::update_many(states, pieces),
            States::Xxh128(states) => {
                assert_eq!(states.len(), pieces.len(), "a piece for each content");
                for (state, piece) in states.iter_mut().zip(pieces) {
                    state.write(piece);
                }
            }
        }
    }

    /// Removes the content at `index` and returns its digest; the last content takes its place.
    ///
    /// # Panics
    /// When `index` is out of bounds.
    pub fn swap_finish(&mut self, index: usize) -> ContentDigest {
        match &mut self.0 {
            States::Md5(states) => ContentDigest::Md5(states.swap_remove(index).finalize()),
            States::Xxh128(states) => xxh128(states.swap_remove(index).finish_128()),
        }
    }
}

impl fmt::Debug for LaneHashers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LaneHashers(..)")
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

    #[test]
    fn contents_side_by_side_have_the_same_digests() {
        let contents: Vec<Vec<u8>> = (0..9).map(|length| vec![length; length.into()]).collect();
        let contents: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
        for algorithm in DigestAlgorithm::ALL {
            let digest = |content: &&[u8]| ContentHasher::digest(algorithm, content);
            let mut expected: Vec<_> = contents.iter().map(digest).collect();
            assert_eq!(ContentHasher::digest_each(algorithm, &contents), expected);
            let mut hashers = LaneHashers::new(algorithm);
            for _ in &contents {
                hashers.push();
            }
            for halves in [
                contents
                    .iter()
                    .map(|c| &c[..c.len() / 2])
                    .collect::<Vec<_>>(),
                contents.iter().map(|c| &c[c.len() / 2..]).collect(),
            ] {
                hashers.update(&halves);
            }
            while !expected.is_empty() {
                assert_eq!(hashers.swap_finish(0), expected.swap_remove(0));
            }
        }
    }
}
