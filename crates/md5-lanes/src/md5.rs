//! Incremental MD5 of one message.

use std::fmt;

use crate::Digest;
use crate::block::{BLOCK_BYTES, Block, Chain, INITIAL, Job};
use crate::padding::Ending;
use crate::scalar;

/// The MD5 of a message that arrives in pieces.
///
/// Cloning it is cheap and lets messages share the work of a common beginning. Many of them advance
/// together with [`update_many`](crate::update_many).
///
/// ```
/// use md5_lanes::Md5;
///
/// let mut md5 = Md5::new();
/// md5.update(b"message ");
/// md5.update(b"digest");
/// assert_eq!(md5.finalize(), Md5::digest(b"message digest"));
/// ```
#[derive(Clone)]
pub struct Md5 {
    chain: Chain,
    /// Holds the last `length % 64` bytes; what follows them is left over from earlier blocks.
    tail: Block,
    /// Bytes received, modulo 2^64.
    length: u64,
}

impl Md5 {
    /// Starts an empty message.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            chain: INITIAL,
            tail: [0; BLOCK_BYTES],
            length: 0,
        }
    }

    /// Appends `bytes` to the message.
    pub fn update(&mut self, bytes: &[u8]) {
        let (job, rest) = self.accept(bytes);
        scalar::run(job);
        self.keep(rest);
    }

    /// Returns the digest of the message.
    #[must_use]
    pub fn finalize(mut self) -> Digest {
        let ending = self.ending();
        scalar::compress(&mut self.chain, ending.blocks());
        to_digest(&self.chain)
    }

    /// Returns the digest of a message that is in memory as a whole.
    #[must_use]
    pub fn digest(bytes: &[u8]) -> Digest {
        let mut md5 = Self::new();
        md5.update(bytes);
        md5.finalize()
    }

    /// Counts `bytes` as received and returns the blocks they complete, and what follows those.
    ///
    /// Once the job is done, the caller hands what follows to [`keep`](Self::keep).
    pub(crate) fn accept<'s, 'b: 's>(&'s mut self, bytes: &'b [u8]) -> (Job<'s>, &'b [u8]) {
        let buffered = self.buffered();
        self.length = self.length.wrapping_add(bytes.len() as u64);

        let missing = if buffered == 0 {
            0
        } else {
            BLOCK_BYTES - buffered
        };
        let Some((head, body)) = bytes.split_at_checked(missing) else {
            self.tail[buffered..][..bytes.len()].copy_from_slice(bytes);
            return (
                Job {
                    chain: &mut self.chain,
                    first: &[],
                    then: &[],
                },
                &[],
            );
        };
        let (then, rest) = body.as_chunks();
        let first = if head.is_empty() {
            &[]
        } else {
            self.tail[buffered..].copy_from_slice(head);
            std::slice::from_ref(&self.tail)
        };
        (
            Job {
                chain: &mut self.chain,
                first,
                then,
            },
            rest,
        )
    }

    /// Buffers the bytes [`accept`](Self::accept) left over.
    pub(crate) fn keep(&mut self, rest: &[u8]) {
        self.tail[..rest.len()].copy_from_slice(rest);
    }

    /// The blocks that are left to compress when the message ends here.
    pub(crate) fn ending(&self) -> Ending {
        Ending::new(&self.tail[..self.buffered()], self.length)
    }

    /// The chaining value after the blocks compressed so far.
    pub(crate) fn into_chain(self) -> Chain {
        self.chain
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 64")]
    fn buffered(&self) -> usize {
        (self.length % BLOCK_BYTES as u64) as usize
    }
}

impl Default for Md5 {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows nothing of the message, whose digest or last bytes may be a secret.
impl fmt::Debug for Md5 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Md5").finish_non_exhaustive()
    }
}

/// Serialises the chaining value after the last block.
pub(crate) fn to_digest(chain: &Chain) -> Digest {
    let mut digest = Digest::default();
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(chain) {
        *bytes = word.to_le_bytes();
    }
    digest
}
