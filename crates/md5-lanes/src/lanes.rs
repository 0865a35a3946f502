//! Distributes jobs over the SIMD lanes and keeps the lanes full.
//!
//! All lanes advance by the same number of blocks, so the kernel runs until the first of them is at
//! the end of its current run of blocks; then that lane goes on with its job's second run or takes
//! the next job. Jobs are taken longest first, so that they end at about the same time.

#[expect(
    unsafe_code,
    reason = "AVX2 instructions, and loads and stores for them"
)]
mod avx2;
mod chains;

use std::{array, mem};

pub(crate) use avx2::Avx2;

use crate::block::{Block, Job};
use crate::scalar;
use chains::Chains;

/// Lanes of one vector.
const VECTOR: usize = 8;

/// Lanes of the widest kernel. Its two vectors interleave: either one alone would wait for the
/// result of its own previous step.
pub(crate) const LANES: usize = 2 * VECTOR;

/// Minimum number of jobs for the vector kernel. The scalar kernel's chain is shorter, so a single message is faster
/// there; two are not.
const FEWEST: usize = 2;

/// Does all `jobs`.
pub(crate) fn run(avx2: Avx2, mut jobs: Vec<Job<'_>>) {
    jobs.retain(|job| !job.is_done());
    jobs.sort_unstable_by_key(Job::remaining);

    // The job in `active[lane]` has its chaining value in `chains`, not in the job, while it runs.
    let mut chains = Chains::default();
    let mut active = Vec::with_capacity(LANES);
    while active.len() < LANES
        && let Some(job) = jobs.pop()
    {
        chains.set(active.len(), *job.chain);
        active.push(job);
    }

    while FEWEST <= active.len() {
        let count = advance(avx2, &mut chains, &active);
        // Downwards, so that the lane moved into a gap has had its turn.
        for lane in (0..active.len()).rev() {
            active[lane].skip(count);
            if !active[lane].is_done() {
                continue;
            }
            *active[lane].chain = chains.get(lane);
            if let Some(job) = jobs.pop() {
                chains.set(lane, *job.chain);
                active[lane] = job;
            } else {
                active.swap_remove(lane);
                chains.set(lane, chains.get(active.len()));
            }
        }
    }

    for (lane, job) in active.into_iter().enumerate() {
        *job.chain = chains.get(lane);
        scalar::run(job);
    }
}

/// Compresses as many blocks as every lane has in one run; returns their number.
fn advance(avx2: Avx2, chains: &mut Chains, active: &[Job<'_>]) -> usize {
    let count = active.iter().map(|job| job.current().len()).min();
    let count = count.unwrap_or(0);
    // Lanes without a job repeat the last one's blocks: valid memory, and in the cache already.
    let last = active.len() - 1;
    let blocks: [&[Block]; LANES] =
        array::from_fn(|lane| &active[lane.min(last)].current()[..count]);
    if active.len() <= VECTOR {
        avx2.compress_vector(chains, &blocks);
    } else {
        avx2.compress_all(chains, &blocks);
    }
    count
}

impl<'a> Job<'a> {
    fn remaining(&self) -> usize {
        self.first.len() + self.then.len()
    }

    fn is_done(&self) -> bool {
        self.remaining() == 0
    }

    /// The blocks to compress next; empty only if the job is done.
    fn current(&self) -> &'a [Block] {
        if self.first.is_empty() {
            self.then
        } else {
            self.first
        }
    }

    /// Takes `count` blocks off the current run.
    fn skip(&mut self, count: usize) {
        if self.first.is_empty() {
            self.first = mem::take(&mut self.then);
        }
        self.first = &self.first[count..];
    }
}
