//! Laws over random messages, alignments and cuts.

use md5_lanes::{Md5, digest_many, finalize_many, update_many};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::references;

/// Batches of byte strings, most of them short, each with an offset to start reading from.
fn batches() -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    let bytes = prop_oneof![
        4 => vec(any::<u8>(), 0..300),
        1 => vec(any::<u8>(), 0..3000),
    ];
    vec((0_usize..=9, bytes), 0..40)
}

/// The messages of a batch: slices that start at any alignment.
fn messages(batch: &[(usize, Vec<u8>)]) -> Vec<&[u8]> {
    batch
        .iter()
        .map(|(offset, bytes)| bytes.get(*offset..).unwrap_or_default())
        .collect()
}

proptest! {
    #[test]
    fn a_batch_has_the_digests_of_its_messages(batch in batches()) {
        let messages = messages(&batch);
        prop_assert_eq!(digest_many(&messages), references(&messages));
    }

    #[test]
    fn cuts_do_not_matter(batch in batches(), cuts in vec(vec(any::<Index>(), 40), 0..6)) {
        let messages = messages(&batch);
        let mut states = vec![Md5::new(); messages.len()];
        let mut rests = messages.clone();
        for (round, cuts) in cuts.iter().enumerate() {
            let chunks: Vec<_> = rests
                .iter_mut()
                .zip(cuts)
                .map(|(rest, cut)| {
                    let (chunk, after) = rest.split_at(cut.index(rest.len() + 1));
                    *rest = after;
                    chunk
                })
                .collect();
            if round % 3 == 2 {
                for (state, chunk) in states.iter_mut().zip(chunks) {
                    state.update(chunk);
                }
            } else {
                update_many(&mut states, &chunks);
            }
        }
        update_many(&mut states, &rests);
        prop_assert_eq!(finalize_many(states), references(&messages));
    }
}
