//! Unchanged files are not read again; files that may have changed are.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artifact_core::DigestAlgorithm;
use artifact_flows::{Flow, StatCache};

use crate::intercepted_transfer::InterceptedTransfer;
use crate::workbench::{
    Workbench, assert_same_tree, bytes, log, open_engine, prepared, tree, wait_until_settled,
};

/// A workbench with settled files of every way of reading, and a flow that counts what is read.
fn settled() -> (Workbench, Arc<InterceptedTransfer>, Flow) {
    let bench = Workbench::with(&[
        ("small", b"small"),
        ("empty", b""),
        ("folder/large", &bytes(1, 300_000)),
    ]);
    for path in tree(&bench.path("data")).into_keys() {
        wait_until_settled(&path);
    }
    let transfer = InterceptedTransfer::new(&bench.flow.transfer).shared();
    let flow = bench.over_transfer(&transfer);
    (bench, transfer, flow)
}

#[tokio::test]
async fn unchanged_files_are_not_read_again() {
    let (bench, transfer, flow) = settled();
    let first = prepared(&flow, bench.draft()).await.unwrap();
    assert_eq!(transfer.taken_early(), 3);
    let second = prepared(&flow, bench.draft()).await.unwrap();
    assert_eq!(transfer.taken_early(), 0);
    assert_eq!(first.digest, second.digest);
}

#[tokio::test]
async fn only_what_changed_is_read_again() {
    let (bench, transfer, flow) = settled();
    let first = log(&flow, bench.draft()).await.unwrap().record;
    assert_eq!(transfer.taken_early(), 3);
    // Same length, other content.
    let changed = bench.write("small", b"SMALL");
    wait_until_settled(&changed);
    let second = log(&flow, bench.draft()).await.unwrap().record;
    assert_eq!(transfer.taken_early(), 1);
    assert_ne!(first.digest, second.digest);
    bench.get(&second).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    // Only touched: read again, because nothing else tells that the content is the same.
    let touched = fs::File::options().append(true).open(&changed).unwrap();
    let earlier = SystemTime::now() - Duration::from_secs(100_000);
    touched.set_modified(earlier).unwrap();
    wait_until_settled(&changed);
    let third = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(transfer.taken_early(), 1);
    assert!(third.is_deduplicated);
}

#[tokio::test]
async fn a_rewrite_that_sets_the_time_back_is_noticed() {
    let (bench, transfer, flow) = settled();
    prepared(&flow, bench.draft()).await.unwrap();
    transfer.taken_early();
    let path = bench.data("small");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "other").unwrap();
    let file = fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    let record = log(&flow, bench.draft()).await.unwrap().record;
    assert_eq!(transfer.taken_early(), 1);
    bench.get(&record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn a_file_replaced_by_another_of_the_same_length_and_time_is_noticed() {
    let (bench, _, flow) = settled();
    log(&flow, bench.draft()).await.unwrap();
    let path = bench.data("small");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let other = bench.path("other");
    fs::write(&other, "other").unwrap();
    let file = fs::File::options().append(true).open(&other).unwrap();
    file.set_modified(modified).unwrap();
    fs::rename(&other, &path).unwrap();
    let record = log(&flow, bench.draft()).await.unwrap().record;
    bench.get(&record).await.unwrap();
    assert_eq!(fs::read(bench.out("small")).unwrap(), b"other");
}

#[tokio::test]
async fn racy_files_are_read_again() {
    let (bench, transfer, flow) = settled();
    // As good as written this very moment, for as long as the test runs.
    let file = fs::File::options()
        .append(true)
        .open(bench.data("small"))
        .unwrap();
    let later = SystemTime::now() + Duration::from_hours(1);
    file.set_modified(later).unwrap();
    for expected in [3, 1, 1] {
        prepared(&flow, bench.draft()).await.unwrap();
        assert_eq!(transfer.taken_early(), expected);
    }
}

#[tokio::test]
async fn another_hash_function_needs_another_read() {
    let (bench, transfer, flow) = settled();
    prepared(&flow, bench.draft()).await.unwrap();
    transfer.taken_early();
    let mut draft = bench.draft();
    draft.algorithm = DigestAlgorithm::Xxh128;
    prepared(&flow, draft).await.unwrap();
    assert_eq!(transfer.taken_early(), 3);
}

#[tokio::test]
async fn a_damaged_cache_costs_a_read_and_nothing_else() {
    let (bench, transfer, flow) = settled();
    let digest = prepared(&flow, bench.draft()).await.unwrap().digest;
    let caches: Vec<_> = tree(&bench.path("stat-cache")).into_iter().collect();
    assert_eq!(caches.len(), 1);
    let (path, whole) = &caches[0];
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x10;
    for damage in [
        &flipped[..],
        &whole[..whole.len() / 2],
        &whole[..1],
        b"",
        b"garbage",
    ] {
        transfer.taken_early();
        fs::write(path, damage).unwrap();
        let again = prepared(&flow, bench.draft()).await.unwrap();
        assert_eq!((again.digest, transfer.taken_early()), (digest, 3));
    }
    // A place where no cache can be written.
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
    let again = prepared(&flow, bench.draft()).await.unwrap();
    assert_eq!((again.digest, transfer.taken_early()), (digest, 3));
}

#[tokio::test]
async fn a_cache_without_a_folder_to_live_in_is_no_error() {
    let (bench, _, mut flow) = settled();
    fs::write(bench.path("taken"), "a file").unwrap();
    flow.stat_cache = StatCache::new(bench.path("taken").join("stat-cache"));
    let record = log(&flow, bench.draft()).await.unwrap().record;
    bench.get(&record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn cache_files_of_dead_writers_go_and_those_of_live_ones_stay() {
    let (bench, _, flow) = settled();
    fs::create_dir(bench.path("stat-cache")).unwrap();
    let place = |name| bench.path("stat-cache").join(name);
    let _dead = fs::File::create(place(".tmpDEAD")).unwrap();
    let alive = fs::File::create(place(".tmpALIVE")).unwrap();
    alive.lock().unwrap();
    prepared(&flow, bench.draft()).await.unwrap();
    assert!(!place(".tmpDEAD").exists() && place(".tmpALIVE").exists());
    // Also when there is nothing new to remember.
    drop(alive);
    prepared(&flow, bench.draft()).await.unwrap();
    assert!(!place(".tmpALIVE").exists());
}

#[tokio::test]
async fn content_that_the_cache_knows_and_the_store_lost_is_sent_again() {
    let (bench, _, flow) = settled();
    log(&flow, bench.draft()).await.unwrap();
    // The same cache, but a store that was begun anew.
    let engine = open_engine(&bench.path("new-store"));
    let mut flow = bench.flow.clone();
    flow.registry = Arc::new(engine.clone());
    flow.transfer = Arc::new(engine);
    let record = log(&flow, bench.draft()).await.unwrap().record;
    let options = artifact_flows::FetchOptions::default();
    bench.get_over(&flow, &record, &options).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn files_that_were_got_are_known_without_a_read() {
    let (bench, transfer, flow) = settled();
    let record = log(&flow, bench.draft()).await.unwrap().record;
    for path in tree(&bench.path("data")).into_keys() {
        wait_until_settled(&path);
    }
    // Placed files bear the version's time, so it has to be over for a while.
    std::thread::sleep(Duration::from_millis(100));
    bench.get(&record).await.unwrap();
    transfer.taken_early();
    let reads = crate::progress::Recorder::shared();
    let watched = bench.watched(&reads);
    let options = artifact_flows::FetchOptions::default();
    let again = bench.get_over(&watched, &record, &options).await.unwrap();
    assert_eq!((again.placed_files, again.kept_files), (0, 3));
    assert_eq!(reads.bytes_read(), 0);
}
