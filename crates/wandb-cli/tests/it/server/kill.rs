//! `kill -9` in the middle of everything: what was committed is whole, and clients go on after the restart.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::bench::{Bench, KEY};
use super::client::{Client, Job};

const ROUNDS: u64 = 30;
const CLIENTS: u64 = 4;

/// Another content for every number.
fn content(number: u64) -> Vec<u8> {
    // Some are held in memory on their way, some are files.
    let length = if number.is_multiple_of(3) {
        400_000
    } else {
        3_000
    };
    let bytes = number.to_le_bytes();
    (0..length)
        .map(|n: usize| bytes[n % 8] ^ n.to_le_bytes()[n % 2])
        .collect()
}

#[test]
fn a_killed_server_keeps_what_was_committed_and_what_was_begun() {
    let bench = Bench::new();
    let mut serving = bench.serve("127.0.0.1:0");
    let address = serving.address();
    let client = Client::new(serving.url(), KEY);
    client.make_run().unwrap();
    let numbers = AtomicU64::new(0);
    let mut committed = 0;
    let mut resumed = 0;
    for round in 0..ROUNDS {
        let interrupted: Vec<Job> = std::thread::scope(|scope| {
            let talk = || {
                let mut done = Vec::new();
                loop {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    let mut job = Job::new("data", content(number));
                    match job.go_on(&client) {
                        Ok(index) => done.push(index),
                        Err(_) => return (done, job),
                    }
                }
            };
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(talk)).collect();
            std::thread::sleep(Duration::from_millis(20 + round * 37 % 400));
            serving.kill();
            let ends = clients.into_iter().map(|client| client.join().unwrap());
            let ends = ends.map(|(done, job)| {
                committed += done.len() as u64;
                job
            });
            ends.collect()
        });
        serving = bench.serve(&address);
        for mut job in interrupted {
            resumed += u64::from(job.upload_url.is_some());
            // With what it was given before.
            job.go_on(&client).unwrap();
            committed += 1;
        }
        for index in latest(committed, round) {
            let version = format!("ann/vision/data:v{index}");
            bench.run(&["artifact", "verify", &version, "--json"]);
        }
        assert!(!bench.log().contains("panicked"), "{}", bench.log());
    }
    assert!(0 < resumed, "no URL was ever used after a restart");
    let listed = bench.run(&["artifact", "ls", "ann/vision/data", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    // No gaps, none lost; a commit whose answer was lost was asked for again.
    assert_eq!(
        listed["versions"].as_array().unwrap().len() as u64,
        committed
    );
    for index in 0..committed {
        let version = format!("ann/vision/data:v{index}");
        bench.run(&["artifact", "verify", &version, "--json"]);
    }
}

/// The versions that are looked at in this round; all are in the end.
fn latest(committed: u64, round: u64) -> impl Iterator<Item = u64> {
    let some = if round % 5 == 4 { 20 } else { 3 };
    committed.saturating_sub(some)..committed
}
