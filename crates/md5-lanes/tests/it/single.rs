//! One message: [`Md5`] and batches of one.

use md5_lanes::{Md5, digest_many};

use crate::{Xorshift, reference};

/// The test suite of RFC 1321, appendix A.5.
const VECTORS: [(&str, u128); 7] = [
    ("", 0xd41d_8cd9_8f00_b204_e980_0998_ecf8_427e),
    ("a", 0x0cc1_75b9_c0f1_b6a8_31c3_99e2_6977_2661),
    ("abc", 0x9001_5098_3cd2_4fb0_d696_3f7d_28e1_7f72),
    ("message digest", 0xf96b_697d_7cb7_938d_525a_2f31_aaf1_61d0),
    (
        "abcdefghijklmnopqrstuvwxyz",
        0xc3fc_d3d7_6192_e400_7dfb_496c_ca67_e13b,
    ),
    (
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        0xd174_ab98_d277_d9f5_a561_1c2c_9f41_9d9f,
    ),
    (
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        0x57ed_f4a2_2be3_c955_ac49_da2e_2107_b67a,
    ),
];

/// Lengths at which the number of blocks changes, and their neighbours.
fn lengths() -> impl Iterator<Item = usize> {
    let around = |length: usize| [length - 9, length - 8, length - 1, length, length + 1];
    let multiples = [320, 512, 1024, 4096, 16_384, 65_536, 99_968];
    (0..=300)
        .chain(multiples.into_iter().flat_map(around))
        .chain([100_000, 100_003])
}

#[test]
fn vectors_of_the_rfc() {
    for (message, digest) in VECTORS {
        assert_eq!(
            Md5::digest(message.as_bytes()),
            digest.to_be_bytes(),
            "{message:?}"
        );
    }
    let messages = VECTORS.map(|(message, _)| message.as_bytes());
    let digests = VECTORS.map(|(_, digest)| digest.to_be_bytes());
    assert_eq!(digest_many(&messages), digests);
}

#[test]
fn every_length_has_the_reference_digest() {
    let data = Xorshift(1).bytes(100_003);
    for length in lengths() {
        let message = &data[..length];
        let expected = reference(message);
        assert_eq!(Md5::digest(message), expected, "{length} bytes");
        assert_eq!(digest_many(&[message]), [expected], "{length} bytes");
    }
}

#[test]
fn every_cut_in_two_has_the_reference_digest() {
    let message = Xorshift(2).bytes(200);
    let expected = reference(&message);
    for cut in 0..=message.len() {
        let mut md5 = Md5::new();
        md5.update(&message[..cut]);
        md5.update(&message[cut..]);
        assert_eq!(md5.finalize(), expected, "cut at {cut}");
    }
}

#[test]
fn a_clone_continues_by_itself() {
    let mut original = Md5::default();
    original.update(b"common beginning, ");
    let mut clone = original.clone();
    original.update(b"one end");
    clone.update(b"another end");
    assert_eq!(original.finalize(), reference(b"common beginning, one end"));
    assert_eq!(
        clone.finalize(),
        reference(b"common beginning, another end")
    );
}

#[test]
fn debug_shows_nothing_of_the_message() {
    let mut md5 = Md5::new();
    let empty = format!("{md5:?}");
    md5.update(b"secret");
    assert_eq!(format!("{md5:?}"), empty);
}
