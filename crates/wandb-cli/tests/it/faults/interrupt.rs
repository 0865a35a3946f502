//! Ctrl-C: the command ends soon, and a rerun completes.

use std::process::Command;
use std::time::{Duration, Instant};

use super::bench::{Bench, run, start, wait};
use super::random::Random;

#[test]
fn an_interrupted_put_ends_and_a_rerun_completes() {
    let bench = Bench::new();
    let mut random = Random::new(7);
    bench.fill(&mut random, 200, 100_000);
    let started = Instant::now();
    run(&mut bench.put());
    let whole = started.elapsed();
    for round in 0..12 {
        bench.change(&mut random);
        let mut child = start(bench.put());
        std::thread::sleep(whole * round / 12 + Duration::from_millis(1));
        let signal = if round % 2 == 0 { "-INT" } else { "-TERM" };
        let id = child.id().to_string();
        // It may have ended by itself; then there is no such process.
        Command::new("kill").args([signal, &id]).output().unwrap();
        wait(&mut child);
        let before = bench.versions();
        let version = bench.assert_round_trip();
        assert!(before.len() <= bench.versions().len());
        bench.assert_verifies(&version);
        bench.assert_clean();
    }
}
