//! `kill -9` at random points: nothing committed is lost, nothing half is seen, and the next run clears up.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::bench::{Bench, assert_same_tree, run, start, tree, wait};
use super::random::Random;

/// Changing it makes other runs; a failure names it and the round.
const SEED: u64 = 20_260_731;

/// The number of times that the small data set is put and killed; the big one; the first put into a store that is not there yet; and
/// how often a get is killed.
const SMALL_PUTS: u64 = 70;
const BIG_PUTS: u64 = 10;
const FIRST_PUTS: u64 = 30;
const GETS: u64 = 90;

/// Says where a failure happened, when it happens.
struct Place(&'static str, u64, Duration);

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            _ = writeln!(
                std::io::stderr(),
                "{}: seed {SEED}, round {}, killed after {:?}",
                self.0,
                self.1,
                self.2
            );
        }
    }
}

/// Kills puts of a changing folder, and checks the store after each. Every `every` rounds a put is let through.
fn killed_puts(name: &'static str, bench: &Bench, random: &mut Random, rounds: u64, every: u64) {
    let started = Instant::now();
    run(&mut bench.put());
    let whole = started.elapsed().max(Duration::from_millis(1));
    let mut verified = 0;
    for round in 0..rounds {
        bench.change(random);
        // Up to a little longer than it takes when nobody kills it, however slow the machine is.
        let delay = whole * u32::try_from(random.below(1_100)).unwrap() / 1_000;
        let _place = Place(name, round, delay);
        let mut child = start(bench.put());
        std::thread::sleep(delay);
        // It may have ended by itself.
        _ = child.kill();
        wait(&mut child);

        let versions = bench.versions();
        assert!(verified <= versions.len(), "a version is gone");
        for version in &versions[verified..] {
            bench.assert_verifies(version);
        }
        verified = versions.len();
        if round % every == every - 1 {
            bench.assert_round_trip();
            bench.assert_clean();
        }
    }
    bench.assert_round_trip();
    bench.assert_clean();
    for version in bench.versions() {
        bench.assert_verifies(&version);
    }
}

#[test]
fn a_killed_put_of_small_files_loses_nothing() {
    let bench = Bench::new();
    let mut random = Random::new(SEED);
    bench.fill(&mut random, 60, 30_000);
    fs::write(bench.data("larger"), random.bytes(1_000_000)).unwrap();
    killed_puts("small", &bench, &mut random, SMALL_PUTS, 10);
}

#[test]
fn a_killed_put_of_mixed_files_loses_nothing() {
    let bench = Bench::new();
    let mut random = Random::new(SEED + 1);
    bench.fill(&mut random, 300, 200_000);
    fs::write(bench.data("huge"), random.bytes(40 << 20)).unwrap();
    killed_puts("mixed", &bench, &mut random, BIG_PUTS, 5);
}

#[test]
fn a_killed_first_put_leaves_no_half_store() {
    let mut random = Random::new(SEED + 2);
    let bench = Bench::new();
    bench.fill(&mut random, 10, 100_000);
    let started = Instant::now();
    run(&mut bench.put());
    let whole = started.elapsed();
    for round in 0..FIRST_PUTS {
        fs::remove_dir_all(bench.store()).unwrap();
        let delay = whole * u32::try_from(random.below(1_000)).unwrap() / 1_000;
        let _place = Place("first", round, delay);
        let mut child = start(bench.put());
        std::thread::sleep(delay);
        _ = child.kill();
        wait(&mut child);
        for version in bench.versions() {
            bench.assert_verifies(&version);
        }
        assert_eq!(bench.assert_round_trip(), "v0");
        bench.assert_clean();
    }
}

#[test]
fn a_killed_get_leaves_no_wrong_file() {
    let bench = Bench::new();
    let mut random = Random::new(SEED + 3);
    bench.fill(&mut random, 150, 40_000);
    fs::write(bench.data("larger"), random.bytes(3_000_000)).unwrap();
    run(&mut bench.put());
    let started = Instant::now();
    run(&mut bench.get("v0", "out"));
    let whole = started.elapsed();
    let out = bench.path("out");
    for round in 0..GETS {
        let delay = whole * u32::try_from(random.below(1_100)).unwrap() / 1_000;
        let _place = Place("get", round, delay);
        // Some rounds begin with nothing, some with a few files that are gone or wrong.
        if random.below(2) == 0 {
            _ = fs::remove_dir_all(&out);
        } else {
            for path in tree(&out).into_values() {
                match random.below(6) {
                    0 => fs::remove_file(path).unwrap(),
                    1 => fs::write(&path, vec![0; fs::read(&path).unwrap().len()]).unwrap(),
                    _ => {}
                }
            }
        }
        let before: Vec<_> = tree(&out)
            .into_iter()
            .filter(|(name, path)| {
                fs::read(path).unwrap() != fs::read(bench.data(name)).unwrap_or_default()
            })
            .map(|(name, _)| name)
            .collect();
        let mut child = start(bench.get("v0", "out"));
        std::thread::sleep(delay);
        _ = child.kill();
        wait(&mut child);
        for (name, path) in tree(&out) {
            // What was wrong before may still be what it was; nothing else may be wrong.
            if !name.starts_with(".wandb-rs-tmp") && !before.contains(&name) {
                assert!(
                    fs::read(path).unwrap() == fs::read(bench.data(&name)).unwrap(),
                    "{name}"
                );
            }
        }
        if round % 5 == 4 {
            run(&mut bench.get("v0", "out"));
            assert_same_tree(&bench.path("data"), &out);
            assert!(!out.join(".wandb-rs-tmp").exists());
        }
    }
    run(&mut bench.get("v0", "out"));
    assert_same_tree(&bench.path("data"), &out);
    run(&mut bench.put());
    bench.assert_clean();
}
