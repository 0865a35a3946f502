//! Unfinished files: those of dead processes go, those of live ones stay, and none is left in the end.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::workbench::{Workbench, assert_same_tree, bytes};

const STAGING: &str = ".wandb-rs-tmp";

/// Makes a folder as a process makes it for its unfinished files; the lock is the caller's to hold or to drop.
fn staging_of_another(bench: &Workbench, name: &str) -> (PathBuf, fs::File) {
    let folder = bench.out(STAGING).join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("0"), "half").unwrap();
    let lock = fs::File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    (folder, lock)
}

#[tokio::test]
async fn what_dead_processes_left_is_removed() {
    let bench = Workbench::with(&[("a", b"a")]);
    let record = bench.log().await;
    let (dead, lock) = staging_of_another(&bench, "dead");
    drop(lock);
    let without_lock = bench.out(STAGING).join("without-lock");
    fs::create_dir(&without_lock).unwrap();
    let lock_only = bench.out(STAGING).join("only.lock");
    fs::write(&lock_only, "").unwrap();
    bench.get(&record).await.unwrap();
    assert!(!dead.exists() && !without_lock.exists() && !lock_only.exists());
    assert!(!bench.out(STAGING).exists());
}

#[tokio::test]
async fn what_live_processes_work_on_is_kept() {
    let bench = Workbench::with(&[("a", b"a")]);
    let record = bench.log().await;
    let (alive, lock) = staging_of_another(&bench, "alive");
    // One that is about to make its folder.
    let early = bench.out(STAGING).join("early.lock");
    let early_lock = fs::File::create(&early).unwrap();
    early_lock.lock().unwrap();
    for content in ["z", "a"] {
        fs::write(bench.out("a"), content).unwrap();
        bench.get(&record).await.unwrap();
        assert_eq!(fs::read(alive.join("0")).unwrap(), b"half");
        assert!(early.exists());
        assert_eq!(fs::read(bench.out("a")).unwrap(), b"a");
    }

    drop((lock, early_lock));
    fs::write(bench.out("a"), "z").unwrap();
    bench.get(&record).await.unwrap();
    assert!(!bench.out(STAGING).exists());
}

#[tokio::test]
async fn leftovers_do_not_outlive_a_get_that_has_nothing_to_do() {
    let bench = Workbench::with(&[("a", b"a")]);
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let (dead, lock) = staging_of_another(&bench, "dead");
    drop(lock);
    bench.get(&record).await.unwrap();
    assert!(!dead.exists());
    assert!(!bench.out(STAGING).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_into_one_folder_all_succeed() {
    const ROUNDS: usize = 20;
    const AT_ONCE: usize = 6;
    let bench = Arc::new(Workbench::with(&[
        ("a", b"a"),
        ("b", &bytes(1, 100_000)),
        ("c/d", &bytes(2, 10)),
    ]));
    let record = bench.log().await;
    for round in 0..ROUNDS {
        _ = fs::remove_dir_all(bench.path("out"));
        let gets: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (bench, record) = (Arc::clone(&bench), record.clone());
                tokio::spawn(async move { bench.get(&record).await })
            })
            .collect();
        for get in gets {
            let got = get.await.unwrap();
            assert!(got.is_ok(), "round {round}: {got:?}");
        }
        assert_same_tree(&bench.path("data"), &bench.path("out"));
    }
}
