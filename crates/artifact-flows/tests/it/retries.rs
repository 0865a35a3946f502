//! Faults of downloads and their repair: broken streams, expired tickets, wrong bytes.

use std::sync::Arc;
use std::time::Duration;

use artifact_core::ports::TransferError;
use artifact_flows::{FetchOptions, Flow, FlowError, Progress};

use crate::faulty_streams::{Fault, FaultyFlow, FaultyStreams, StreamRequest, small_limits};
use crate::progress::Recorder;
use crate::workbench::{Workbench, assert_same_tree, bytes, chain, tree};

fn options() -> FetchOptions {
    FetchOptions {
        limits: small_limits(),
        ..FetchOptions::default()
    }
}

/// Returns a bench with a file for each way: collected, in one stream, in parts.
fn bench() -> Workbench {
    Workbench::with(&[
        ("collected", &bytes(1, 1_500)),
        ("whole", &bytes(2, 40_000)),
        ("parted", &bytes(3, 60_000)),
    ])
}

/// Gets all over a wire, expects it to succeed, and returns what was asked for.
async fn get(
    decide: impl Fn(&StreamRequest) -> Fault + Send + Sync + 'static,
) -> (Vec<StreamRequest>, Vec<usize>) {
    let bench = bench();
    let record = bench.log().await;
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(decide));
    let fetched = bench
        .get_over(&faulty.flow, &record, &options())
        .await
        .unwrap();
    assert_eq!(fetched.placed_files, 3);
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert!(!bench.out(".wandb-rs-tmp").exists());
    (faulty.streams.asked(), faulty.requests())
}

/// Gets all over a wire, expects it to fail, and returns the error; over a line that works, the next try completes.
async fn fail(
    decide: impl Fn(&StreamRequest) -> Fault + Send + Sync + 'static,
) -> (FlowError, Vec<StreamRequest>) {
    let bench = bench();
    let record = bench.log().await;
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(decide));
    let got = bench.get_over(&faulty.flow, &record, &options()).await;
    let error = got.unwrap_err();
    for (path, content) in tree(&bench.path("out")) {
        let relative = path.strip_prefix(bench.path("out")).unwrap();
        if !relative.starts_with(".wandb-rs-tmp") {
            let original = bench.path("data").join(relative);
            assert!(
                std::fs::read(original).unwrap() == content,
                "{}",
                relative.display()
            );
        }
    }
    bench.get(&record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    (error, faulty.streams.asked())
}

#[tokio::test]
async fn a_stream_that_breaks_goes_on_where_it_broke() {
    let (asked, requests) = get(|asked| match (asked.content.len(), asked.nth) {
        (40_000, 0) => Fault::Breaks(12_345),
        (40_000, 1) => Fault::Breaks(100),
        (1_500, 0) => Fault::Breaks(1_000),
        (60_000, _) if asked.range == Some(20_000..40_000) => Fault::Breaks(7_000),
        _ => Fault::Whole,
    })
    .await;
    let ranges = |length: usize| -> Vec<_> {
        asked
            .iter()
            .filter(|asked| asked.content.len() == length)
            .map(|asked| asked.range.clone())
            .collect()
    };
    assert_eq!(
        ranges(40_000),
        [None, Some(12_345..40_000), Some(12_445..40_000)]
    );
    assert_eq!(ranges(1_500), [None, Some(1_000..1_500)]);
    assert!(ranges(60_000).contains(&Some(27_000..40_000)));
    assert_eq!(ranges(60_000).len(), 4);
    assert_eq!(requests, [3], "no new tickets");
}

#[tokio::test]
async fn a_stream_that_ends_early_goes_on_too() {
    let (asked, _) = get(|asked| match asked.nth {
        0 => Fault::Ends(1_100),
        _ => Fault::Whole,
    })
    .await;
    assert!(asked.iter().any(|asked| asked.range == Some(1_100..40_000)));
}

#[tokio::test]
async fn the_first_break_is_reported_before_the_stream_is_reopened() {
    let bench = bench();
    let record = bench.log().await;
    let breaks_once = |requested: &StreamRequest| match requested.nth {
        0 if requested.content.len() == 40_000 => Fault::Breaks(12_000),
        _ => Fault::Whole,
    };
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(breaks_once));
    let recorder = Recorder::shared();
    let flow = Flow {
        progress: Arc::clone(&recorder) as Arc<dyn Progress>,
        ..faulty.flow.clone()
    };
    bench.get_over(&flow, &record, &options()).await.unwrap();
    assert_eq!(recorder.retries(), [1]);
}

#[tokio::test]
async fn a_stream_that_keeps_breaking_is_given_up() {
    let (error, asked) = fail(|asked| match asked.content.len() {
        40_000 => Fault::Breaks(10),
        _ => Fault::Whole,
    })
    .await;
    let text = chain(&error);
    assert!(
        text.contains("whole") && text.contains("connection reset"),
        "{text}"
    );
    let tries = asked
        .iter()
        .filter(|asked| asked.content.len() == 40_000)
        .count();
    assert_eq!(tries, 6);
}

#[tokio::test]
async fn expired_tickets_are_asked_for_anew_together_and_what_came_is_kept() {
    let (asked, requests) = get(|asked| match (asked.ticket, asked.content.len()) {
        (0, 40_000) => Fault::Expires(5_000),
        (0, _) => Fault::Expired,
        _ => Fault::Whole,
    })
    .await;
    assert!(asked.iter().any(|asked| asked.range == Some(5_000..40_000)));
    // All that expire while one asks are asked for at once.
    assert_eq!(requests[0], 3);
    assert_eq!(requests[1..].iter().sum::<usize>(), 3, "{requests:?}");
    assert!(asked.iter().all(|asked| asked.ticket < 4));
}

#[tokio::test]
async fn a_batch_whose_tickets_expired_is_asked_for_as_one() {
    let bench = Workbench::new();
    for index in 0..100 {
        bench.write(&index.to_string(), &bytes(index, 300));
    }
    let record = bench.log().await;
    let streams = FaultyStreams::new(|asked| match asked.ticket {
        0 => Fault::Expired,
        _ => Fault::Whole,
    });
    let faulty = FaultyFlow::new(&bench, streams);
    let options = FetchOptions {
        limits: artifact_flows::FetchLimits {
            batch: 1_000,
            ..small_limits()
        },
        ..FetchOptions::default()
    };
    bench
        .get_over(&faulty.flow, &record, &options)
        .await
        .unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    let requests = faulty.requests();
    assert!(requests.len() < 20, "{requests:?}");
    let refused = faulty.streams.asked();
    let refused = refused.iter().filter(|asked| asked.ticket == 0).count();
    assert!(refused <= 24, "{refused}");
}

#[tokio::test]
async fn tickets_that_never_work_are_given_up() {
    for fate in [Fault::Expired, Fault::Expires(10)] {
        let (error, asked) = fail(move |asked| match asked.content.len() {
            40_000 => fate,
            _ => Fault::Whole,
        })
        .await;
        assert!(chain(&error).contains("whole"), "{error:?}");
        assert!(
            matches!(
                error,
                FlowError::Transfer {
                    source: TransferError::Expired { .. },
                    ..
                }
            ),
            "{error:?}"
        );
        let tries = asked
            .iter()
            .filter(|asked| asked.content.len() == 40_000)
            .count();
        assert_eq!(tries, 4);
    }
}

#[tokio::test]
async fn wrong_or_missing_content_is_tried_once_more_with_a_new_ticket() {
    for fate in [
        Fault::Flipped(99),
        Fault::Gone,
        Fault::Endless,
        Fault::Ends(0),
    ] {
        let (_, requests) = get(move |asked| match asked.ticket {
            0 => fate,
            _ => Fault::Whole,
        })
        .await;
        if fate != Fault::Ends(0) {
            assert!(requests.len() > 1, "{fate:?}: {requests:?}");
        }
        assert!(requests.iter().sum::<usize>() <= 6, "{requests:?}");
    }
}

#[tokio::test]
async fn content_that_is_wrong_twice_is_an_error_that_names_it() {
    for (name, length) in [("collected", 1_500), ("whole", 40_000), ("parted", 60_000)] {
        let (error, asked) = fail(move |asked| {
            if asked.content.len() == length {
                Fault::Flipped(0)
            } else {
                Fault::Whole
            }
        })
        .await;
        assert!(
            matches!(&error, FlowError::Damaged { path, .. } if path.as_str() == name),
            "{error:?}"
        );
        let tries = asked
            .iter()
            .filter(|asked| asked.content.len() == length)
            .filter(|asked| asked.range.as_ref().is_none_or(|range| range.start == 0));
        assert_eq!(tries.count(), 2);

        let (error, _) = fail(move |asked| {
            if asked.content.len() == length {
                Fault::Gone
            } else {
                Fault::Whole
            }
        })
        .await;
        assert!(chain(&error).contains(name), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_off_where_it_exceeds_its_length() {
    let bench = bench();
    let record = bench.log().await;
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(|_| Fault::Endless));
    let options = FetchOptions::default();
    let get = bench.get_over(&faulty.flow, &record, &options);
    let got = tokio::time::timeout(Duration::from_secs(20), get).await;
    let error = got.unwrap().unwrap_err();
    assert!(matches!(error, FlowError::Damaged { .. }), "{error:?}");
    assert!(faulty.streams.bytes().most() < 200_000);
}

#[tokio::test]
async fn what_others_have_placed_stays_and_is_remembered() {
    let bench = bench();
    let record = bench.log().await;
    let streams = FaultyStreams::new(|asked| match asked.content.len() {
        60_000 => Fault::Flipped(0),
        _ => Fault::Whole,
    });
    let faulty = FaultyFlow::new(&bench, streams);
    std::thread::sleep(Duration::from_millis(100));
    let got = bench.get_over(&faulty.flow, &record, &options()).await;
    got.unwrap_err();
    let again = bench.get(&record).await.unwrap();
    assert_eq!((again.placed_files, again.kept_files), (1, 2));
}
