//! The chaining values of all lanes, laid out for vector loads.

use super::LANES;
use crate::block::Chain;

/// One row per word of the chaining value, one column per lane.
#[derive(Default)]
pub(super) struct Chains {
    pub(super) rows: [[u32; LANES]; 4],
}

impl Chains {
    /// The chaining value of `lane`.
    pub(super) fn get(&self, lane: usize) -> Chain {
        let [a, b, c, d] = &self.rows;
        [a[lane], b[lane], c[lane], d[lane]]
    }

    /// Replaces the chaining value of `lane`.
    pub(super) fn set(&mut self, lane: usize, chain: Chain) {
        for (row, word) in self.rows.iter_mut().zip(chain) {
            row[lane] = word;
        }
    }
}
