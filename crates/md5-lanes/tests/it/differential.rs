//! A long repeatable run against the `md-5` crate, state by state.

use md5_lanes::{Digest, Md5, finalize_many, update_many};

use crate::Xorshift;

/// Bytes to hash: about a second in the debug profile, most of it in `md-5`.
const BUDGET: usize = 200 << 20;

/// A chunk length: often near a block boundary, sometimes long.
fn chunk_length(random: &mut Xorshift) -> usize {
    match random.below(8) {
        0 => 0,
        1..=3 => random.below(130),
        4 | 5 => 64 * random.below(20),
        6 => random.below(5_000),
        _ => random.below(70_000),
    }
}

#[test]
fn random_batches_agree_with_the_reference() {
    use md5::Digest as _;

    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    let data = random.bytes(1 << 18);
    let mut hashed = 0;
    while hashed < BUDGET {
        let count = random.below(70);
        let mut states = vec![Md5::new(); count];
        let mut expected = vec![md5::Md5::new(); count];
        for _ in 0..=random.below(6) {
            let chunks: Vec<_> = (0..count)
                .map(|_| &data[random.below(1 << 17)..][..chunk_length(&mut random)])
                .collect();
            update_many(&mut states, &chunks);
            for (state, chunk) in expected.iter_mut().zip(&chunks) {
                state.update(chunk);
            }
            hashed += chunks.iter().map(|chunk| chunk.len()).sum::<usize>();
        }
        let expected: Vec<Digest> = expected
            .into_iter()
            .map(|state| state.finalize().into())
            .collect();
        assert_eq!(finalize_many(states), expected);
    }
}
