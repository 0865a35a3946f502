//! Content of every length, by every way of reading: the digests are those of plain hashers, the bytes are kept.

use artifact_core::{ContentDigest, DigestAlgorithm, EntryDigest};
use md5::{Digest as _, Md5};
use twox_hash::XxHash3_128;

use crate::intercepted_registry::InterceptedRegistry;
use crate::intercepted_transfer::InterceptedTransfer;
use crate::workbench::{Workbench, assert_same_tree, bytes, log};

const MIB: usize = 1 << 20;

/// Around the lengths where the way of reading changes: read whole, in step, by two threads.
const SMALL: &[usize] = &[
    0, 1, 55, 56, 63, 64, 65, 119, 120, 4095, 4096, 4097, 65_535, 65_536,
];
const LARGE: &[usize] = &[
    65_537,
    131_071,
    131_072,
    131_073,
    MIB - 1,
    MIB,
    MIB + 1,
    3 * MIB + 17,
];
const HUGE: &[usize] = &[32 * MIB - 1, 32 * MIB, 32 * MIB + 1];

fn plain(algorithm: DigestAlgorithm, content: &[u8]) -> ContentDigest {
    let digest = match algorithm {
        DigestAlgorithm::Md5 => Md5::digest(content).into(),
        DigestAlgorithm::Xxh128 => XxHash3_128::oneshot(content).to_be_bytes(),
    };
    ContentDigest::new(algorithm, digest)
}

/// Logs files of these lengths, compares their entries with plain hashers, and gets them back.
async fn round_trip(algorithm: DigestAlgorithm, lengths: &[usize], asks_first: bool) {
    let bench = Workbench::new();
    for (seed, length) in lengths.iter().enumerate() {
        bench.write(&format!("f{seed:03}"), &bytes(seed as u64, *length));
    }
    let mut flow = bench.flow.clone();
    if asks_first {
        let transfer = InterceptedTransfer::new(&bench.flow.transfer).asking_first();
        flow = bench.over_transfer(&transfer.shared());
        flow.registry = bench
            .over_registry(InterceptedRegistry::every_key(&bench.flow.registry))
            .registry;
    }
    let mut draft = bench.draft();
    draft.algorithm = algorithm;
    let saved = log(&flow, draft).await.unwrap();
    assert_eq!(saved.record.file_count, lengths.len() as u64);
    assert_eq!(
        saved.record.size,
        lengths.iter().map(|length| *length as u64).sum::<u64>()
    );

    let manifest = artifact_flows::read_manifest(&bench.flow, &saved.record)
        .await
        .unwrap();
    for (seed, length) in lengths.iter().enumerate() {
        let entry = manifest
            .get(&format!("f{seed:03}").parse().unwrap())
            .unwrap();
        let expected = plain(algorithm, &bytes(seed as u64, *length));
        assert_eq!(
            entry.digest,
            EntryDigest::Content(expected),
            "{length} bytes"
        );
        assert_eq!(entry.size, Some(*length as u64));
    }
    let fetched = bench.get(&saved.record).await.unwrap();
    assert_eq!(fetched.placed_files, lengths.len() as u64);
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn md5_of_small_and_large_files() {
    let lengths: Vec<_> = SMALL.iter().chain(LARGE).copied().collect();
    round_trip(DigestAlgorithm::Md5, &lengths, false).await;
}

#[tokio::test]
async fn xxh128_of_small_and_large_files() {
    let lengths: Vec<_> = SMALL.iter().chain(LARGE).copied().collect();
    round_trip(DigestAlgorithm::Xxh128, &lengths, false).await;
}

#[tokio::test]
async fn each_length_alone() {
    for length in SMALL.iter().chain(LARGE) {
        round_trip(DigestAlgorithm::Md5, &[*length], false).await;
    }
}

#[tokio::test]
async fn more_files_than_any_batch_or_lane() {
    // Small ones of every length up to a few blocks, and large ones that end at different times.
    let lengths: Vec<_> = (0..300).chain((0..40).map(|n| 65_537 + n * 9973)).collect();
    round_trip(DigestAlgorithm::Md5, &lengths, false).await;
    round_trip(DigestAlgorithm::Xxh128, &lengths, false).await;
}

#[tokio::test]
async fn huge_files_alone_and_together() {
    round_trip(DigestAlgorithm::Md5, HUGE, false).await;
    round_trip(DigestAlgorithm::Xxh128, &HUGE[1..2], false).await;
}

#[tokio::test]
async fn a_registry_that_wants_everything_sent_gets_the_same_bytes() {
    let lengths: Vec<_> = SMALL.iter().chain(LARGE).copied().collect();
    round_trip(DigestAlgorithm::Md5, &lengths, true).await;
    round_trip(DigestAlgorithm::Xxh128, &lengths, true).await;
}
