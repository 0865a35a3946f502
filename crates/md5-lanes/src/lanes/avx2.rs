//! The AVX2 kernel: eight messages per vector, one or two vectors side by side.
//!
//! The only module with `unsafe` code. There are two reasons for it, each stated where it occurs:
//! functions that need AVX2 are called with an [`Avx2`] as proof of it, and vectors move to and from
//! memory through pointers made from references of the right size.

use std::arch::x86_64::{
    __m128i, __m256i, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm256_add_epi32,
    _mm256_and_si256, _mm256_andnot_si256, _mm256_castsi128_si256, _mm256_inserti128_si256,
    _mm256_loadu_si256, _mm256_or_si256, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_slli_epi32, _mm256_srli_epi32, _mm256_storeu_si256, _mm256_sub_epi32,
    _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    _mm256_xor_si256,
};

use super::chains::Chains;
use super::{LANES, VECTOR};
use crate::block::Block;
use crate::rounds::{CONSTANTS, md5_steps};

/// Proof that this processor has AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// Returns the proof if this processor has AVX2.
    pub(crate) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// Compresses all of `blocks[lane]` into the chaining value of `lane`, for the lanes of the
    /// first vector. Their slices have the same length.
    #[expect(clippy::unused_self, reason = "`self` is the proof")]
    pub(super) fn compress_vector(self, chains: &mut Chains, blocks: &[&[Block]; LANES]) {
        // SAFETY: a value of this type exists only where `detect` found AVX2.
        unsafe { compress::<1>(chains, blocks) }
    }

    /// Like [`compress_vector`](Self::compress_vector), for all lanes.
    #[expect(clippy::unused_self, reason = "`self` is the proof")]
    pub(super) fn compress_all(self, chains: &mut Chains, blocks: &[&[Block]; LANES]) {
        // SAFETY: a value of this type exists only where `detect` found AVX2.
        unsafe { compress::<{ LANES / VECTOR }>(chains, blocks) }
    }
}

/// One vector per group of eight lanes.
type Groups<const GROUPS: usize> = [__m256i; GROUPS];

#[target_feature(enable = "avx2")]
fn compress<const GROUPS: usize>(chains: &mut Chains, blocks: &[&[Block]; LANES]) {
    let (lanes, _) = blocks.as_chunks::<VECTOR>();
    let lanes = &lanes[..GROUPS];

    let [mut a, mut b, mut c, mut d] = load_chains::<GROUPS>(chains);
    for at in 0..blocks[0].len() {
        let mut words = [[_mm256_setzero_si256(); 16]; GROUPS];
        for (words, lanes) in words.iter_mut().zip(lanes) {
            *words = load_words(lanes, at);
        }
        for next in lanes
            .as_flattened()
            .iter()
            .filter_map(|lane| lane.get(at + 1))
        {
            prefetch(next);
        }

        let before = [a, b, c, d];
        macro_rules! step {
            ($function:ident, $a:ident, $b:ident, $c:ident, $d:ident, $word:expr, $shift:expr, $step:expr) => {
                let constant = _mm256_set1_epi32(constant($step).cast_signed());
                for group in 0..GROUPS {
                    let sum = _mm256_add_epi32(words[group][$word], constant);
                    let sum = _mm256_add_epi32($a[group], sum);
                    let sum = $function(sum, $b[group], $c[group], $d[group]);
                    let rotated = _mm256_or_si256(
                        _mm256_slli_epi32::<$shift>(sum),
                        _mm256_srli_epi32::<{ 32 - $shift }>(sum),
                    );
                    $a[group] = _mm256_add_epi32(rotated, $b[group]);
                }
            };
        }
        md5_steps!(step, a, b, c, d);

        let [a0, b0, c0, d0] = before;
        (a, b, c, d) = (add(a, a0), add(b, b0), add(c, c0), add(d, d0));
    }
    store_chains(chains, [a, b, c, d]);
}

/// The constant of `step`, less the one that [`i`] leaves for it to subtract.
const fn constant(step: usize) -> u32 {
    if step < 48 {
        CONSTANTS[step]
    } else {
        CONSTANTS[step].wrapping_sub(1)
    }
}

// A round function returns `sum` plus the function that has its letter in the RFC. Of the arguments
// `b` is known last: it is the result of the previous step.

#[inline]
#[target_feature(enable = "avx2")]
fn f(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    let chosen = _mm256_xor_si256(_mm256_and_si256(_mm256_xor_si256(c, d), b), d);
    _mm256_add_epi32(sum, chosen)
}

/// Adds the two halves of G, which have no bit in common, one by one: the half without `b` early.
#[inline]
#[target_feature(enable = "avx2")]
fn g(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    let early = _mm256_add_epi32(sum, _mm256_andnot_si256(d, c));
    _mm256_add_epi32(early, _mm256_and_si256(d, b))
}

#[inline]
#[target_feature(enable = "avx2")]
fn h(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_add_epi32(sum, _mm256_xor_si256(b, _mm256_xor_si256(c, d)))
}

/// Returns `sum` plus I, plus one.
///
/// AVX2 has no "not", but I is the complement of `c ^ (!b & d)`, and adding a complement is
/// subtracting the value and one more.
#[inline]
#[target_feature(enable = "avx2")]
fn i(sum: __m256i, b: __m256i, c: __m256i, d: __m256i) -> __m256i {
    _mm256_sub_epi32(sum, _mm256_xor_si256(c, _mm256_andnot_si256(b, d)))
}

/// Loads block `at` of eight lanes and transposes it: one vector per message word.
#[inline]
#[target_feature(enable = "avx2")]
fn load_words(lanes: &[&[Block]; VECTOR], at: usize) -> [__m256i; 16] {
    let mut words = [_mm256_setzero_si256(); 16];
    for (quarter, words) in words.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        // Four words of lane `i` below four words of lane `i + 4`: what is left to do is to
        // transpose two squares of 4 x 4 words, which needs no instruction that crosses the middle
        // of a vector.
        let pair = |lane: usize| {
            let low = load_quarter(&lanes[lane][at], quarter);
            let high = load_quarter(&lanes[lane + 4][at], quarter);
            _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(low), high)
        };
        let rows = [pair(0), pair(1), pair(2), pair(3)];
        let low01 = _mm256_unpacklo_epi32(rows[0], rows[1]);
        let low23 = _mm256_unpacklo_epi32(rows[2], rows[3]);
        let high01 = _mm256_unpackhi_epi32(rows[0], rows[1]);
        let high23 = _mm256_unpackhi_epi32(rows[2], rows[3]);
        *words = [
            _mm256_unpacklo_epi64(low01, low23),
            _mm256_unpackhi_epi64(low01, low23),
            _mm256_unpacklo_epi64(high01, high23),
            _mm256_unpackhi_epi64(high01, high23),
        ];
    }
    words
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_quarter(block: &Block, quarter: usize) -> __m128i {
    let quarter: &[u8; 16] = &block.as_chunks().0[quarter];
    // SAFETY: the reference makes 16 bytes readable; the load needs no alignment.
    unsafe { _mm_loadu_si128(quarter.as_ptr().cast()) }
}

/// Brings `block` closer. Page-aligned messages compete for few cache lines, and what the processor
/// prefetches by itself for sixteen of them is often evicted before it is used.
#[inline]
#[target_feature(enable = "avx2")]
fn prefetch(block: &Block) {
    _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().cast());
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_chains<const GROUPS: usize>(chains: &Chains) -> [Groups<GROUPS>; 4] {
    let mut vectors = [[_mm256_setzero_si256(); GROUPS]; 4];
    for (vectors, row) in vectors.iter_mut().zip(&chains.rows) {
        for (vector, words) in vectors.iter_mut().zip(row.as_chunks::<VECTOR>().0) {
            // SAFETY: the reference makes 32 bytes readable; the load needs no alignment.
            *vector = unsafe { _mm256_loadu_si256(words.as_ptr().cast()) };
        }
    }
    vectors
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_chains<const GROUPS: usize>(chains: &mut Chains, vectors: [Groups<GROUPS>; 4]) {
    for (row, vectors) in chains.rows.iter_mut().zip(vectors) {
        for (words, vector) in row.as_chunks_mut::<VECTOR>().0.iter_mut().zip(vectors) {
            // SAFETY: the reference makes 32 bytes writable; the store needs no alignment.
            unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn add<const GROUPS: usize>(mut left: Groups<GROUPS>, right: Groups<GROUPS>) -> Groups<GROUPS> {
    for (left, right) in left.iter_mut().zip(right) {
        *left = _mm256_add_epi32(*left, right);
    }
    left
}
