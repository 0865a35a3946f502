//! The portable kernel: one message at a time, tuned for the length of its dependency chain.
//!
//! A step of MD5 needs the result of the step before it, so one message runs at the latency of that
//! chain and leaves most of the processor idle. The sum `a + constant + word` does not depend on the
//! previous step; everything here is arranged to keep it, and as much of the round function as
//! possible, off the chain.

use std::hint::black_box;

use crate::block::{Block, Chain, Job};
use crate::rounds::{CONSTANTS, md5_steps};

/// Does `job`.
pub(crate) fn run(job: Job<'_>) {
    let Job { chain, first, then } = job;
    compress(chain, first);
    compress(chain, then);
}

/// Compresses `blocks` into `chain`.
pub(crate) fn compress(chain: &mut Chain, blocks: &[Block]) {
    let [mut a, mut b, mut c, mut d] = *chain;
    for block in blocks {
        let before = [a, b, c, d];
        let (words, _) = block.as_chunks();
        // Seen as literals, the constants would be moved to the end of each sum, into the chain,
        // which costs a fifth of the speed. Behind this reference they are values from memory.
        let constants: &[u32; 64] = black_box(&CONSTANTS);

        macro_rules! step {
            ($function:ident, $a:ident, $b:ident, $c:ident, $d:ident, $word:expr, $shift:expr, $step:expr) => {
                let sum = $a
                    .wrapping_add(constants[$step])
                    .wrapping_add(u32::from_le_bytes(words[$word]));
                $a = $function(sum, $b, $c, $d)
                    .rotate_left($shift)
                    .wrapping_add($b);
            };
        }
        md5_steps!(step, a, b, c, d);

        a = a.wrapping_add(before[0]);
        b = b.wrapping_add(before[1]);
        c = c.wrapping_add(before[2]);
        d = d.wrapping_add(before[3]);
    }
    *chain = [a, b, c, d];
}

// A round function returns `sum` plus the function that has its letter in the RFC. Of the arguments
// `b` is known last: it is the result of the previous step.

#[inline]
fn f(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    sum.wrapping_add(((c ^ d) & b) ^ d)
}

/// The two halves of G have no bit in common, so their sum is their union, and the half without `b`
/// can be added early.
#[inline]
fn g(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    sum.wrapping_add(!d & c).wrapping_add(d & b)
}

#[inline]
fn h(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    sum.wrapping_add(b ^ (c ^ d))
}

#[inline]
fn i(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    sum.wrapping_add(c ^ (b | !d))
}
