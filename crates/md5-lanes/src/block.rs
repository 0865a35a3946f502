//! Input of the kernels: blocks of a message, chaining values, and jobs made of the two.

/// The unit MD5 compresses.
pub(crate) type Block = [u8; BLOCK_BYTES];

/// Bytes per [`Block`].
pub(crate) const BLOCK_BYTES: usize = 64;

/// The chaining value: MD5's words A, B, C and D.
pub(crate) type Chain = [u32; 4];

/// The chaining value of a message of which nothing has been compressed.
pub(crate) const INITIAL: Chain = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// Blocks waiting to be compressed into one chaining value.
///
/// Two runs, because a message is seldom contiguous: buffered bytes come before the blocks of a
/// caller's slice, and padding comes after them.
pub(crate) struct Job<'a> {
    /// The chaining value that the blocks are compressed into.
    pub(crate) chain: &'a mut Chain,
    /// The blocks to compress first.
    pub(crate) first: &'a [Block],
    /// The blocks to compress after `first`.
    pub(crate) then: &'a [Block],
}
