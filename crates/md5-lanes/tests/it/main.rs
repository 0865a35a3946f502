//! The public functions, judged by RFC 1321 and by the `md-5` crate.

mod batches;
mod differential;
mod properties;
mod single;

use md5_lanes::Digest;

/// The digest according to the `md-5` crate.
fn reference(message: &[u8]) -> Digest {
    use md5::Digest as _;
    md5::Md5::digest(message).into()
}

/// The digests according to the `md-5` crate.
fn references(messages: &[&[u8]]) -> Vec<Digest> {
    messages.iter().map(|message| reference(message)).collect()
}

/// A repeatable pseudo-random sequence: Marsaglia's xorshift64.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number in `0..end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("the remainder is below a `usize`")
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes())
            .flatten()
            .take(length)
            .collect()
    }
}
