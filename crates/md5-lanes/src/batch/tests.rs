//! Tests of every kernel, whichever this processor would choose.

use super::{digest, finalize, update};
use crate::kernel::Kernel;
use crate::{Digest, Md5};

/// Returns the portable kernel, and that of this processor if it is another.
fn kernels() -> [Kernel; 2] {
    [Kernel::Scalar, Kernel::detect()]
}

/// Bytes that differ from their neighbours, and between neighbouring `seed`s.
fn message(seed: usize, length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at * 31 + at / 64 + seed * 101).to_le_bytes()[0])
        .collect()
}

fn slices(messages: &[Vec<u8>]) -> Vec<&[u8]> {
    messages.iter().map(Vec::as_slice).collect()
}

fn reference(messages: &[Vec<u8>]) -> Vec<Digest> {
    use md5::Digest as _;
    messages
        .iter()
        .map(|message| md5::Md5::digest(message).into())
        .collect()
}

#[test]
fn every_kernel_digests_any_number_of_equally_long_messages() {
    for kernel in kernels() {
        for count in 0..=50 {
            let messages: Vec<_> = (0..count).map(|seed| message(seed, 200)).collect();
            let digests = digest(kernel, &slices(&messages));
            assert_eq!(digests, reference(&messages), "{} x{count}", kernel.name());
        }
    }
}

#[test]
fn every_kernel_digests_messages_of_all_lengths_together() {
    let messages: Vec<_> = (0..400).map(|length| message(length, length)).collect();
    for kernel in kernels() {
        let digests = digest(kernel, &slices(&messages));
        assert_eq!(digests, reference(&messages), "{}", kernel.name());
    }
}

#[test]
fn every_kernel_finishes_one_message_much_longer_than_the_others() {
    for kernel in kernels() {
        for long in 0..20 {
            let lengths = (0..20).map(|lane| if lane == long { 5000 } else { 70 + lane });
            let messages: Vec<_> = lengths.enumerate().map(|(i, n)| message(i, n)).collect();
            let digests = digest(kernel, &slices(&messages));
            assert_eq!(digests, reference(&messages), "{} {long}", kernel.name());
        }
    }
}

#[test]
fn every_kernel_gives_the_same_digests_for_every_cut() {
    let messages: Vec<_> = (0..20).map(|seed| message(seed, 333)).collect();
    let expected = reference(&messages);
    for kernel in kernels() {
        for step in 1..=130 {
            let mut states = vec![Md5::new(); messages.len()];
            for start in (0..333).step_by(step) {
                let end = (start + step).min(333);
                let chunks: Vec<_> = messages.iter().map(|whole| &whole[start..end]).collect();
                update(kernel, &mut states, &chunks);
            }
            let digests = finalize(kernel, states);
            assert_eq!(digests, expected, "{} by {step}", kernel.name());
        }
    }
}

#[test]
fn scalar_kernel_has_one_lane() {
    assert_eq!(
        (Kernel::Scalar.name(), Kernel::Scalar.lanes()),
        ("scalar", 1)
    );
}
