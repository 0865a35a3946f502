//! Many processes on one store at once: nothing is lost, and readers never fail.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::bench::{Bench, assert_done, assert_same_tree, run};
use super::random::Random;

/// Lets `writers` processes at a time log folders of their own, `rounds` times, while somebody reads.
fn at_once(writers: u64, rounds: u64, name_of: impl Fn(u64) -> String + Sync) {
    let bench = Bench::new();
    let mut random = Random::new(writers);
    // Some content that all have in common, and some of their own.
    let shared = random.bytes(150_000);
    let folder_of = |writer: u64, round: u64| format!("w{writer}-{round}");
    for writer in 0..writers {
        for round in 0..rounds {
            let folder = bench.path(&folder_of(writer, round));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("shared"), &shared).unwrap();
            for n in 0..20 {
                let length = random.below(20_000);
                fs::write(folder.join(format!("f{n}")), random.bytes(length)).unwrap();
            }
        }
    }
    fs::write(bench.data("first"), "first").unwrap();
    run(&mut bench.command(&["artifact", "put", "data", "--name", "reader", "--json"]));

    let put = |writer: u64, round: u64| -> Child {
        let folder = folder_of(writer, round);
        let name = name_of(writer);
        let mut command = bench.command(&["artifact", "put", &folder, "--name", &name, "--json"]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let is_done = AtomicBool::new(false);
    let mut logged: Vec<(String, String)> = Vec::new();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !is_done.load(Ordering::Relaxed) {
                run(&mut bench.command(&["artifact", "ls", "--json"]));
                let root = bench.path("reader-out");
                let get = [
                    "artifact",
                    "get",
                    "team/vision/reader:latest",
                    "--json",
                    "--root",
                ];
                run(bench.command(&get).arg(&root));
                assert_same_tree(&bench.path("data"), &root);
                fs::remove_dir_all(root).unwrap();
                reads += 1;
            }
            reads
        });
        let writing: Vec<_> = (0..writers)
            .map(|writer| {
                let put = &put;
                scope.spawn(move || {
                    let outputs = (0..rounds).map(|round| {
                        let output = put(writer, round).wait_with_output().unwrap();
                        (round, output)
                    });
                    outputs.collect::<Vec<_>>()
                })
            })
            .collect();
        let outputs: Vec<_> = writing
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect();
        is_done.store(true, Ordering::Relaxed);
        assert!(0 < reader.join().unwrap());
        for (writer, outputs) in (0_u64..).zip(outputs) {
            for (round, output) in outputs {
                assert_done(&output);
                let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(answer["deduplicated"], false);
                let address = answer["address"].as_str().unwrap();
                logged.push((address.to_owned(), folder_of(writer, round)));
            }
        }
    });

    let addresses: BTreeSet<_> = logged.iter().map(|(address, _)| address).collect();
    assert_eq!(
        addresses.len() as u64,
        writers * rounds,
        "two logs got one version"
    );
    let names: BTreeSet<_> = (0..writers).map(&name_of).collect();
    let listed: usize = names.iter().map(|name| bench.versions_of(name).len()).sum();
    assert_eq!(listed as u64, writers * rounds);
    for (address, folder) in &logged {
        let root = bench.path("check");
        run(bench
            .command(&["artifact", "get", address, "--json", "--root"])
            .arg(&root));
        assert_same_tree(&bench.path(folder), &root);
        fs::remove_dir_all(root).unwrap();
    }
    // Whoever ended last could not know that it was alone; the next one clears up.
    run(&mut bench.command(&["artifact", "put", "data", "--name", "reader", "--json"]));
    bench.assert_clean();
}

#[test]
fn two_processes_log_to_one_collection() {
    at_once(2, 6, |_| "data".into());
}

#[test]
fn two_processes_log_to_collections_of_their_own() {
    at_once(2, 6, |writer| format!("data{writer}"));
}

#[test]
fn eight_processes_log_to_one_collection() {
    at_once(8, 2, |_| "data".into());
}

#[test]
fn eight_processes_log_to_two_collections() {
    at_once(8, 2, |writer| format!("data{}", writer % 2));
}

#[test]
fn the_first_puts_of_many_processes_make_one_store() {
    let bench = Bench::new();
    fs::write(bench.data("same"), "same").unwrap();
    for _ in 0..5 {
        let puts: Vec<_> = (0..6).map(|_| bench.put().spawn().unwrap()).collect();
        let mut new = 0;
        for put in puts {
            let output = put.wait_with_output().unwrap();
            assert_done(&output);
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(answer["version"], "v0");
            new += u32::from(answer["deduplicated"] == false);
        }
        assert_eq!(
            new, 1,
            "the same content is one version, and one process made it"
        );
        run(&mut bench.put());
        bench.assert_clean();
        fs::remove_dir_all(bench.store()).unwrap();
    }
}

#[test]
fn many_processes_get_into_one_folder() {
    let bench = Bench::new();
    bench.fill(&mut Random::new(3), 40, 30_000);
    run(&mut bench.put());
    for _ in 0..5 {
        let gets: Vec<_> = (0..6)
            .map(|_| bench.get("v0", "out").spawn().unwrap())
            .collect();
        for get in gets {
            assert_done(&get.wait_with_output().unwrap());
        }
        assert_same_tree(&bench.path("data"), &bench.path("out"));
        fs::remove_dir_all(bench.path("out")).unwrap();
    }
}
