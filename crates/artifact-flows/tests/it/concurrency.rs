//! Concurrent streams within their limits.

use std::sync::Arc;
use std::time::Duration;

use artifact_flows::{FetchLimits, FetchOptions, verify_stored};

use crate::faulty_streams::{Fault, FaultyFlow, FaultyStreams, small_limits};
use crate::progress::Recorder;
use crate::workbench::{Workbench, assert_same_tree, bytes};

const MILLISECOND: Duration = Duration::from_millis(1);

fn options(limits: FetchLimits) -> FetchOptions {
    FetchOptions {
        limits,
        ..FetchOptions::default()
    }
}

/// Returns a bench with `count` files of `length` bytes.
fn bench(count: usize, length: usize) -> Workbench {
    let bench = Workbench::new();
    for index in 0..count {
        bench.write(
            &format!("{}/{index}", index % 3),
            &bytes(index as u64, length),
        );
    }
    bench
}

#[tokio::test]
async fn files_of_every_length_come_by_their_way() {
    let bench = Workbench::new();
    for length in [
        0, 1, 1_999, 2_000, 2_001, 49_999, 50_000, 60_000, 65_001, 200_003,
    ] {
        bench.write(&length.to_string(), &bytes(length as u64, length));
    }
    let record = bench.log().await;
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(|_| Fault::Whole));
    let fetched = bench
        .get_over(&faulty.flow, &record, &options(small_limits()))
        .await
        .unwrap();
    assert_eq!(
        (fetched.placed_files, fetched.placed_bytes),
        (10, record.size)
    );
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert!(!bench.out(".wandb-rs-tmp").exists());
    // Large ones in parts, each byte once.
    let asked = faulty.streams.asked();
    let mut parts: Vec<_> = asked
        .iter()
        .filter(|asked| asked.content.len() == 65_001)
        .map(|asked| asked.range.clone().unwrap())
        .collect();
    parts.sort_by_key(|range| range.start);
    assert_eq!(
        parts,
        [0..20_000, 20_000..40_000, 40_000..60_000, 60_000..65_001]
    );
    for asked in asked.iter().filter(|asked| asked.content.len() < 50_000) {
        assert_eq!((asked.range.clone(), asked.nth), (None, 0));
    }
}

#[tokio::test]
async fn many_streams_are_open_at_once_but_not_more_than_allowed() {
    for length in [1_000, 10_000] {
        let bench = bench(60, length);
        let record = bench.log().await;
        let streams = FaultyStreams::new(|_| Fault::Whole).paced(length / 4, 2 * MILLISECOND);
        let faulty = FaultyFlow::new(&bench, streams);
        bench
            .get_over(&faulty.flow, &record, &options(small_limits()))
            .await
            .unwrap();
        assert_eq!(faulty.streams.open_streams().most(), 8, "{length}");
        assert_eq!(faulty.streams.open_streams().now(), 0);
    }
}

#[tokio::test]
async fn the_parts_of_a_file_come_at_once_within_the_same_bounds() {
    let bench = bench(4, 200_000);
    let record = bench.log().await;
    let most = async |streams, parts_at_once| {
        let slow = FaultyStreams::new(|_| Fault::Whole).paced(5_000, MILLISECOND);
        let faulty = FaultyFlow::new(&bench, slow);
        let limits = FetchLimits {
            streams,
            parts_at_once,
            ..small_limits()
        };
        _ = std::fs::remove_dir_all(bench.path("out"));
        let options = options(limits);
        let got = bench.get_over(&faulty.flow, &record, &options);
        got.await.unwrap();
        assert_same_tree(&bench.path("data"), &bench.path("out"));
        faulty.streams.open_streams().most()
    };
    assert_eq!(most(64, 3).await, 12);
    assert_eq!(most(5, 3).await, 5);
    assert_eq!(most(1, 3).await, 1);
}

#[tokio::test]
async fn what_waits_in_memory_is_bounded() {
    // Collected: only so many files at once as fit.
    let small = bench(40, 100_000);
    let record = small.log().await;
    let streams = FaultyStreams::new(|_| Fault::Whole).paced(25_000, MILLISECOND);
    let faulty = FaultyFlow::new(&small, streams);
    let limits = FetchLimits {
        streams: 64,
        buffered_bytes: 300 << 10,
        collected_bytes: 1 << 20,
        ..FetchLimits::default()
    };
    small
        .get_over(&faulty.flow, &record, &options(limits))
        .await
        .unwrap();
    assert_eq!(faulty.streams.open_streams().most(), 3);

    // Written as they come, whole and in parts: the bytes themselves are counted.
    let large = bench(12, 6 << 20);
    let record = large.log().await;
    for parted_from in [1 << 40, 1] {
        let streams = FaultyStreams::new(|_| Fault::Whole).paced(64 << 10, Duration::ZERO);
        let faulty = FaultyFlow::new(&large, streams);
        let limits = FetchLimits {
            buffered_bytes: 6 << 20,
            collected_bytes: 0,
            parted_from,
            part_bytes: 2 << 20,
            piece_bytes: 1 << 20,
            ..FetchLimits::default()
        };
        _ = std::fs::remove_dir_all(large.path("out"));
        large
            .get_over(&faulty.flow, &record, &options(limits))
            .await
            .unwrap();
        let most = faulty.streams.bytes().most();
        // Three streams of 2 MiB, and a chunk on each.
        assert!(most <= (6 << 20) + 3 * (128 << 10), "{most}");
        assert!((1 << 20) < most, "{most}");
        assert_eq!(faulty.streams.bytes().now(), 0);
    }
}

#[tokio::test]
async fn the_tightest_limits_do_not_stand_still() {
    let bench = bench(3, 200_000);
    bench.write("collected", &bytes(9, 1_000));
    bench.write("whole", &bytes(10, 10_000));
    let record = bench.log().await;
    for streams in 1..=3 {
        for buffered_bytes in [0, 2 << 20, 4 << 20] {
            let faulty = FaultyFlow::new(&bench, FaultyStreams::new(|_| Fault::Whole));
            let options = options(FetchLimits {
                streams,
                buffered_bytes,
                ..small_limits()
            });
            _ = std::fs::remove_dir_all(bench.path("out"));
            let got = bench.get_over(&faulty.flow, &record, &options);
            let got = tokio::time::timeout(Duration::from_secs(30), got).await;
            got.unwrap().unwrap();
            assert_same_tree(&bench.path("data"), &bench.path("out"));
        }
    }
}

#[tokio::test]
async fn tickets_are_asked_for_while_the_batch_before_is_moving() {
    let bench = bench(30, 1_000);
    let record = bench.log().await;
    let streams = FaultyStreams::new(|_| Fault::Whole).paced(500, 3 * MILLISECOND);
    let faulty = FaultyFlow::new(&bench, streams);
    bench
        .get_over(&faulty.flow, &record, &options(small_limits()))
        .await
        .unwrap();
    assert_eq!(faulty.requests(), [10, 10, 10]);
    // Batch by batch, but which of two is opened first in one moment is chance.
    let asked = faulty.streams.asked();
    assert_eq!(asked.len(), 30);
    assert!(asked[..8].iter().all(|asked| asked.ticket == 0));
    assert!(asked[22..].iter().all(|asked| 0 < asked.ticket));
    // No gap between batches: all streams are busy.
    assert_eq!(faulty.streams.open_streams().most(), 8);
}

#[tokio::test]
async fn a_batch_whose_last_file_stalls_does_not_hold_up_the_next() {
    let bench = bench(30, 1_000);
    let record = bench.log().await;
    let streams = FaultyStreams::new(|asked| {
        if asked.ticket == 0 && asked.nth == 0 && asked.content[..] == bytes(0, 1_000) {
            Fault::Stalls(500)
        } else {
            Fault::Whole
        }
    });
    let faulty = FaultyFlow::new(&bench, streams);
    let (options, flow) = (options(small_limits()), faulty.flow.clone());
    let wanted: Vec<_> = (0..30)
        .map(|index| format!("{}/{index}", index % 3))
        .collect();
    let get = bench.get_over(&flow, &record, &options);
    let stalled = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! {
            got = get => panic!("{got:?}"),
            () = async {
                // What is on its way comes and goes, so only what is wanted is looked for.
                let placed = || wanted.iter().filter(|path| bench.out(path).exists()).count();
                while placed() < 29 {
                    tokio::time::sleep(5 * MILLISECOND).await;
                }
            } => {}
        }
    });
    stalled.await.unwrap();
    // What was dropped leaves nothing behind, and what was placed stays.
    let fetched = bench.get(&record).await.unwrap();
    assert_eq!((fetched.placed_files, fetched.kept_files), (1, 29));
    assert_eq!(faulty.streams.open_streams().now(), 0);
}

#[tokio::test]
async fn progress_advances_as_bytes_arrive_and_by_each_once() {
    let bench = Workbench::new();
    for length in [1_500, 30_000, 120_000] {
        bench.write(&length.to_string(), &bytes(length as u64, length));
    }
    let record = bench.log().await;
    // Everything breaks off once, and comes once more in whole: as bytes told, that is nothing.
    let streams = FaultyStreams::new(|asked| match asked.nth {
        0 => Fault::Breaks(1_200),
        1 => Fault::Flipped(7),
        _ => Fault::Whole,
    })
    .paced(1_000, Duration::ZERO);
    let faulty = FaultyFlow::new(&bench, streams);
    let seen = Recorder::shared();
    let flow = artifact_flows::Flow {
        progress: Arc::clone(&seen) as Arc<dyn artifact_flows::Progress>,
        ..faulty.flow.clone()
    };
    bench
        .get_over(&flow, &record, &options(small_limits()))
        .await
        .unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    let (files, told, steps) = seen.download();
    assert_eq!((files, told), (3, 151_500));
    assert!(100 < steps, "{steps}");
}

#[tokio::test]
async fn verify_reads_several_streams_at_once() {
    let bench = bench(40, 5_000);
    let record = bench.log().await;
    let streams = FaultyStreams::new(|asked| {
        match (
            asked.content == bytes(3, 5_000),
            asked.content == bytes(7, 5_000),
            asked.nth,
        ) {
            (true, ..) => Fault::Flipped(1_000),
            (_, true, _) => Fault::Gone,
            (.., 0) => Fault::Breaks(2_000),
            _ => Fault::Whole,
        }
    })
    .paced(2_000, 2 * MILLISECOND);
    let faulty = FaultyFlow::new(&bench, streams);
    let report = verify_stored(&faulty.flow, &record).await.unwrap();
    assert_eq!(report.ok, 38);
    assert_eq!(
        report
            .changed
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["0/3"]
    );
    assert_eq!(
        report
            .missing
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["1/7"]
    );
    let most = faulty.streams.open_streams().most();
    assert!(10 < most && most <= 64, "{most}");
}
