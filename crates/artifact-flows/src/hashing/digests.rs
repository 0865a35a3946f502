//! The hash functions of an artifact, over one content or many at once.

use artifact_core::{ContentDigest, DigestAlgorithm};
use md5_lanes::Md5;
use twox_hash::XxHash3_128;

/// Returns the digest of `content`.
pub(crate) fn digest(algorithm: DigestAlgorithm, content: &[u8]) -> ContentDigest {
    match algorithm {
        DigestAlgorithm::Md5 => ContentDigest::Md5(Md5::digest(content)),
        DigestAlgorithm::Xxh128 => xxh128(XxHash3_128::oneshot(content)),
    }
}

/// Returns the digest of each of `contents`.
pub(crate) fn digest_each(algorithm: DigestAlgorithm, contents: &[&[u8]]) -> Vec<ContentDigest> {
    match algorithm {
        DigestAlgorithm::Md5 => md5_lanes::digest_many(contents)
            .into_iter()
            .map(ContentDigest::Md5)
            .collect(),
        DigestAlgorithm::Xxh128 => contents
            .iter()
            .map(|bytes| xxh128(XxHash3_128::oneshot(bytes)))
            .collect(),
    }
}

const fn xxh128(hash: u128) -> ContentDigest {
    ContentDigest::Xxh128(hash.to_be_bytes())
}

/// Digests in the making of several contents that advance together.
pub(crate) enum Hashers {
    Md5(Vec<Md5>),
    Xxh128(Vec<XxHash3_128>),
}

impl Hashers {
    pub(crate) const fn new(algorithm: DigestAlgorithm) -> Self {
        match algorithm {
            DigestAlgorithm::Md5 => Self::Md5(Vec::new()),
            DigestAlgorithm::Xxh128 => Self::Xxh128(Vec::new()),
        }
    }

    /// Begins one more, behind the others.
    pub(crate) fn push(&mut self) {
        match self {
            Self::Md5(states) => states.push(Md5::new()),
            Self::Xxh128(states) => states.push(XxHash3_128::new()),
        }
    }

    /// Feeds the chunk of each to each.
    pub(crate) fn update(&mut self, chunks: &[&[u8]]) {
        match self {
            Self::Md5(states) => md5_lanes::update_many(states, chunks),
            Self::Xxh128(states) => states
                .iter_mut()
                .zip(chunks)
                .for_each(|(state, chunk)| state.write(chunk)),
        }
    }

    /// Ends the one at `index`; the last takes its place.
    pub(crate) fn swap_finish(&mut self, index: usize) -> ContentDigest {
        match self {
            Self::Md5(states) => ContentDigest::Md5(states.swap_remove(index).finalize()),
            Self::Xxh128(states) => xxh128(states.swap_remove(index).finish_128()),
        }
    }
}
