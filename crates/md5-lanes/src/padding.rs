//! The end of a message: its last bytes, the padding and the length, as whole blocks.

use crate::block::{BLOCK_BYTES, Block};

/// Offset of the message's length in the last block.
const LENGTH_AT: usize = BLOCK_BYTES - size_of::<u64>();

/// The last one or two blocks of a message.
pub(crate) struct Ending {
    blocks: [Block; 2],
    count: usize,
}

impl Ending {
    /// Pads `tail`, what follows the last whole block of a message of `length` bytes.
    pub(crate) fn new(tail: &[u8], length: u64) -> Self {
        let mut blocks = [[0; BLOCK_BYTES]; 2];
        blocks[0][..tail.len()].copy_from_slice(tail);
        blocks[0][tail.len()] = 0x80;
        let count = if tail.len() < LENGTH_AT { 1 } else { 2 };
        // RFC 1321 counts bits modulo 2^64.
        blocks[count - 1][LENGTH_AT..].copy_from_slice(&length.wrapping_mul(8).to_le_bytes());
        Self { blocks, count }
    }

    /// The blocks to compress after the last whole block of the message.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks[..self.count]
    }
}
