//! Many messages: shapes of batches chosen by hand.

use md5_lanes::{Digest, Md5, digest_many, finalize_many, kernel, lanes, update_many};

use crate::{Xorshift, references};

#[test]
fn lanes_belong_to_the_kernel() {
    let expected = match kernel() {
        "avx2" => 16,
        "scalar" => 1,
        other => panic!("unknown kernel {other}"),
    };
    assert_eq!(lanes(), expected);
}

#[test]
fn an_empty_batch_has_no_digests() {
    update_many(&mut [], &[]);
    assert_eq!(finalize_many(Vec::new()), Vec::<Digest>::new());
    assert_eq!(digest_many(&[]), Vec::<Digest>::new());
}

#[test]
fn batches_below_at_and_above_the_number_of_lanes() {
    let data = Xorshift(3).bytes(3000);
    for count in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100] {
        let messages: Vec<_> = (0..count).map(|i| &data[i..][..2000 + i]).collect();
        let expected = references(&messages);
        assert_eq!(digest_many(&messages), expected, "{count} messages");

        let mut states = vec![Md5::new(); count];
        update_many(&mut states, &messages);
        assert_eq!(finalize_many(states), expected, "{count} states");
    }
}

#[test]
fn digests_keep_the_order_of_messages_of_mixed_lengths() {
    let data = Xorshift(4).bytes(20_000);
    let lengths = [0, 20_000, 1, 64, 9_000, 63, 65, 55, 56, 119, 120, 4_096, 2];
    let messages: Vec<_> = lengths
        .iter()
        .cycle()
        .take(60)
        .map(|length| &data[..*length])
        .collect();
    assert_eq!(digest_many(&messages), references(&messages));
}

#[test]
fn empty_chunks_change_nothing() {
    let messages: [&[u8]; 20] = [b"some bytes"; 20];
    let mut states = vec![Md5::new(); 20];
    update_many(&mut states, &messages);
    update_many(&mut states, &[b"".as_slice(); 20]);
    assert_eq!(finalize_many(states), references(&messages));
}

#[test]
fn one_by_one_and_many_at_a_time_mix_on_the_same_states() {
    let data = Xorshift(5).bytes(2000);
    let messages: Vec<_> = (0..40).map(|i| &data[..1500 + 7 * i]).collect();
    let mut states = vec![Md5::new(); messages.len()];

    let (starts, rests): (Vec<_>, Vec<_>) =
        messages.iter().map(|whole| whole.split_at(100)).unzip();
    let (middles, ends): (Vec<_>, Vec<_>) = rests.iter().map(|rest| rest.split_at(777)).unzip();
    update_many(&mut states, &starts);
    for (state, middle) in states.iter_mut().zip(middles) {
        state.update(middle);
    }
    update_many(&mut states, &ends);

    let one_by_one: Vec<_> = states.iter().cloned().map(Md5::finalize).collect();
    assert_eq!(one_by_one, references(&messages));
    assert_eq!(finalize_many(states), one_by_one);
}

#[test]
#[should_panic(expected = "one chunk per state")]
fn a_missing_chunk_panics() {
    update_many(&mut [Md5::new(), Md5::new()], &[b"only one"]);
}
