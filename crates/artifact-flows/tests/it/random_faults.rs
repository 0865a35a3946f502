//! Random faults at any step: either the folder is complete and correct, or the call fails and a rerun completes it.

use std::sync::Mutex;

use artifact_flows::{FetchLimits, FetchOptions, Flow};

use crate::faulty_streams::{Fault, FaultyFlow, FaultyStreams, small_limits};
use crate::workbench::{Workbench, assert_same_tree, bytes, chain, tree};

/// A sequence of numbers that looks random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0).unwrap() % below
    }
}

const LENGTHS: [usize; 9] = [0, 1, 900, 2_000, 2_001, 30_000, 49_999, 50_000, 130_000];

fn assert_nothing_wrong(bench: &Workbench, seed: u64) {
    for (original, content) in tree(&bench.path("data")) {
        let name = original.file_name().unwrap().to_str().unwrap();
        if let Ok(placed) = std::fs::read(bench.out(name)) {
            assert!(placed == content, "seed {seed}: {name}");
        }
    }
}

/// Waits until the writers of a download that was given up have ended, and expects that nothing is left then.
fn assert_nothing_left(bench: &Workbench, seed: u64) {
    for _ in 0..500 {
        if !bench.out(".wandb-rs-tmp").exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("seed {seed}");
}

#[tokio::test]
async fn whatever_the_line_does_no_wrong_byte_appears_and_a_rerun_completes() {
    const SEEDS: u64 = 25;
    let (mut failures, mut successes) = (0, 0);
    for seed in 1..=SEEDS {
        let bench = Workbench::new();
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for index in 0..12 {
            let length = LENGTHS[dice.roll(9)];
            bench.write(&format!("f{index}"), &bytes(seed * 100 + index, length));
        }
        let record = bench.log().await;
        let severity = 2 + dice.roll(12);
        let options = FetchOptions {
            limits: FetchLimits {
                streams: 1 + dice.roll(12),
                batch: 1 + dice.roll(13),
                buffered_bytes: 1 + dice.roll(4_000_000) as u64,
                ..small_limits()
            },
            ..FetchOptions::default()
        };
        let dice = Mutex::new(dice);
        let streams = FaultyStreams::new(move |asked| {
            let mut dice = dice.lock().unwrap();
            let at = dice.roll(asked.content.len() + 1);
            match dice.roll(6 * severity) {
                0 => Fault::Expired,
                1 => Fault::Breaks(at),
                2 => Fault::Expires(at),
                3 => Fault::Ends(at),
                4 => Fault::Flipped(at),
                5 => match dice.roll(4) {
                    0 => Fault::Gone,
                    1 => Fault::Endless,
                    _ => Fault::Breaks(at),
                },
                _ => Fault::Whole,
            }
        });
        let faulty = FaultyFlow::new(&bench, streams);
        let cache = storage_adapters::Cache::new(bench.path("cache"));
        let flow = Flow {
            cache: (seed % 2 == 0).then(|| std::sync::Arc::new(cache) as _),
            ..faulty.flow.clone()
        };
        // Some runs end early, as by Ctrl-C.
        let patience = std::time::Duration::from_millis(if seed % 3 == 0 { 15 } else { 60_000 });
        let mut is_complete = false;
        for _ in 0..8 {
            let get = bench.get_over(&flow, &record, &options);
            let got = tokio::time::timeout(patience, get).await;
            assert_nothing_wrong(&bench, seed);
            match got {
                Ok(Ok(_)) => {
                    is_complete = true;
                    successes += 1;
                    break;
                }
                Ok(Err(error)) => {
                    failures += 1;
                    let text = chain(&error);
                    assert!(text.contains('f') && !text.is_empty(), "{text}");
                }
                Err(_) => {}
            }
        }
        if !is_complete {
            bench.get(&record).await.unwrap();
        }
        assert_nothing_left(&bench, seed);
        assert_same_tree(&bench.path("data"), &bench.path("out"));
    }
    // Neither may be the only end, or the weather is not what it should be.
    assert!(0 < failures && 0 < successes, "{failures} {successes}");
}
