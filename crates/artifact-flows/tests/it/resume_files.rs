//! Resume files of large downloads: reused by the next process, never trusted, and removed in time.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artifact_core::ports::ArtifactRecord;
use artifact_flows::{FetchLimits, FetchOptions};

use crate::faulty_streams::{Fault, FaultyFlow, FaultyStreams, StreamRequest, small_limits};
use crate::workbench::{Workbench, assert_same_tree, bytes, tree};

const LENGTH: usize = 200_000;
const HALF: usize = 100_000;

fn options() -> FetchOptions {
    FetchOptions {
        limits: small_limits(),
        ..FetchOptions::default()
    }
}

fn bench() -> Workbench {
    Workbench::with(&[("large", &bytes(1, LENGTH)), ("small", b"small")])
}

fn folder(bench: &Workbench) -> PathBuf {
    bench.out(".wandb-rs-tmp/partial")
}

/// Returns the resume file and its record.
fn half_file(bench: &Workbench) -> (PathBuf, PathBuf) {
    let files: Vec<_> = tree(&folder(bench)).into_keys().collect();
    let [file, record] = &files[..] else {
        panic!("{files:?}");
    };
    assert_eq!(record.extension().unwrap(), "pieces");
    (file.clone(), record.clone())
}

/// Downloads until this many pieces are recorded, and cancels.
async fn get_half(
    bench: &Workbench,
    record: &ArtifactRecord,
    limits: FetchLimits,
    pieces: usize,
    decide: impl Fn(&StreamRequest) -> Fault + Send + Sync + 'static,
) {
    let faulty = FaultyFlow::new(bench, FaultyStreams::new(decide));
    let options = FetchOptions {
        limits,
        ..FetchOptions::default()
    };
    let recorded = async || {
        loop {
            let files = tree(&folder(bench));
            let records = files
                .iter()
                .filter(|(path, _)| path.extension().is_some())
                .map(|(_, content)| records(content))
                .sum::<usize>();
            // The first one is the layout.
            if records == pieces + 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        got = bench.get_over(&faulty.flow, record, &options) => panic!("{got:?}"),
        () = recorded() => {}
        () = tokio::time::sleep(Duration::from_secs(30)) => panic!("it does not get so far"),
    }
    let_go(bench).await;
}

/// Returns the number of records in a state file.
fn records(file: &[u8]) -> usize {
    let header = file.iter().position(|byte| *byte == b'\n');
    let mut rest = &file[header.map_or(file.len(), |end| end + 1)..];
    let mut count = 0;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap();
        // Behind the length comes a hash.
        let Some(next) = behind.get(8 + length..) else {
            break;
        };
        rest = next;
        count += 1;
    }
    count
}

/// Waits until the resume file is unlocked: a running write continues after a cancelled download, where a killed
/// process would take it along.
async fn let_go(bench: &Workbench) {
    let (file, _) = half_file(bench);
    let file = fs::File::open(file).unwrap();
    for _ in 0..2_000 {
        if file.try_lock().is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the resume file is still locked");
}

fn stalls_behind_half(asked: &StreamRequest) -> Fault {
    match &asked.range {
        Some(range) if HALF as u64 <= range.start => Fault::Stalls(0),
        _ => Fault::Whole,
    }
}

/// Downloads the rest, and returns the requested ranges of the large file.
async fn get_rest(bench: &Workbench, record: &ArtifactRecord) -> Vec<(u64, u64)> {
    let faulty = FaultyFlow::new(bench, FaultyStreams::new(|_| Fault::Whole));
    bench
        .get_over(&faulty.flow, record, &options())
        .await
        .unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert!(!bench.out(".wandb-rs-tmp").exists());
    let mut ranges: Vec<_> = faulty
        .streams
        .asked()
        .into_iter()
        .filter_map(|asked| asked.range)
        .map(|range| (range.start, range.end))
        .collect();
    ranges.sort_unstable();
    ranges
}

#[tokio::test]
async fn recorded_pieces_are_not_downloaded_again() {
    let bench = bench();
    let record = bench.log().await;
    get_half(&bench, &record, small_limits(), 20, stalls_behind_half).await;
    assert!(!bench.out("large").exists());
    assert_eq!(
        get_rest(&bench, &record).await,
        [
            (100_000, 120_000),
            (120_000, 140_000),
            (140_000, 160_000),
            (160_000, 180_000),
            (180_000, 200_000)
        ]
    );
}

#[tokio::test]
async fn pieces_of_a_part_count_too() {
    const MIB: usize = 1 << 20;
    let bench = Workbench::with(&[("large", &bytes(1, 8 * MIB))]);
    let record = bench.log().await;
    let limits = FetchLimits {
        part_bytes: 8 << 20,
        piece_bytes: 1 << 20,
        parted_from: 1 << 20,
        ..FetchLimits::default()
    };
    let stalls = |_: &StreamRequest| Fault::Stalls(5 * MIB + MIB / 2);
    get_half(&bench, &record, limits, 5, stalls).await;
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(|_| Fault::Whole));
    let options = FetchOptions {
        limits,
        ..FetchOptions::default()
    };
    bench
        .get_over(&faulty.flow, &record, &options)
        .await
        .unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    let asked = faulty.streams.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].range, Some((5 << 20)..(8 << 20)));
}

#[tokio::test]
async fn a_resumed_download_can_be_resumed_again() {
    let bench = bench();
    let record = bench.log().await;
    get_half(&bench, &record, small_limits(), 20, stalls_behind_half).await;
    let stalls_at_the_end = |asked: &StreamRequest| match &asked.range {
        Some(range) if range.start == 180_000 => Fault::Stalls(0),
        _ => Fault::Whole,
    };
    get_half(&bench, &record, small_limits(), 36, stalls_at_the_end).await;
    assert_eq!(get_rest(&bench, &record).await, [(180_000, 200_000)]);
}

#[tokio::test]
async fn a_torn_record_and_a_lost_piece_are_downloaded_again() {
    let bench = bench();
    let record = bench.log().await;
    get_half(&bench, &record, small_limits(), 20, stalls_behind_half).await;
    let (file, pieces) = half_file(&bench);
    // A piece that never reached the disk.
    let mut content = fs::read(&file).unwrap();
    content[30_000..35_000].fill(0);
    fs::write(&file, content).unwrap();
    // A line that was being written when the power went.
    let mut lines = fs::read(&pieces).unwrap();
    lines.truncate(lines.len() - 9);
    fs::write(&pieces, lines).unwrap();
    let ranges = get_rest(&bench, &record).await;
    let again: u64 = ranges.iter().map(|(start, end)| end - start).sum();
    assert_eq!(again, 100_000 + 5_000 + 5_000, "{ranges:?}");
    assert!(ranges.contains(&(30_000, 35_000)), "{ranges:?}");
}

#[tokio::test]
async fn an_unreadable_record_restarts_the_download() {
    for damage in ["", "garbage", "wandb-rs half 1 md5 \n"] {
        let bench = bench();
        let record = bench.log().await;
        get_half(&bench, &record, small_limits(), 20, stalls_behind_half).await;
        fs::write(half_file(&bench).1, damage).unwrap();
        assert_eq!(get_rest(&bench, &record).await.len(), 10);
        get_half_again(&bench, &record).await;
    }
}

/// Removes what was placed, and gets it once more, interrupted.
async fn get_half_again(bench: &Workbench, record: &ArtifactRecord) {
    fs::remove_file(bench.out("large")).unwrap();
    get_half(bench, record, small_limits(), 20, stalls_behind_half).await;
    fs::remove_file(half_file(bench).1).unwrap();
    assert_eq!(get_rest(bench, record).await.len(), 10);
}

#[tokio::test]
async fn wrong_resumed_content_is_downloaded_again_from_the_start() {
    let bench = bench();
    let record = bench.log().await;
    get_half(
        &bench,
        &record,
        small_limits(),
        20,
        |asked: &StreamRequest| match stalls_behind_half(asked) {
            Fault::Whole if asked.range.is_some() => Fault::Flipped(3),
            other => other,
        },
    )
    .await;
    let ranges = get_rest(&bench, &record).await;
    assert_eq!(ranges.len(), 5 + 10, "{ranges:?}");
}

#[tokio::test]
async fn wrong_content_is_not_resumed() {
    let bench = bench();
    let record = bench.log().await;
    let streams = FaultyStreams::new(|asked| match asked.range {
        Some(_) => Fault::Flipped(3),
        None => Fault::Whole,
    });
    let faulty = FaultyFlow::new(&bench, streams);
    let got = bench.get_over(&faulty.flow, &record, &options()).await;
    assert!(got.unwrap_err().to_string().contains("large"));
    assert!(!bench.out("large").exists());
    assert!(!bench.out(".wandb-rs-tmp").exists());
    assert_eq!(get_rest(&bench, &record).await.len(), 10);
}

#[tokio::test]
async fn a_second_process_downloads_on_its_own() {
    let bench = bench();
    let record = bench.log().await;
    get_half(&bench, &record, small_limits(), 20, stalls_behind_half).await;
    let (file, pieces) = half_file(&bench);
    let before = (fs::read(&file).unwrap(), fs::read(&pieces).unwrap());
    let lock = fs::File::open(&file).unwrap();
    lock.lock().unwrap();
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(|_| Fault::Whole));
    bench
        .get_over(&faulty.flow, &record, &options())
        .await
        .unwrap();
    assert_eq!(fs::read(bench.out("large")).unwrap(), bytes(1, LENGTH));
    // The small file may have come before the first try was given up.
    let asked = faulty.streams.asked();
    let parts = asked.iter().filter(|asked| asked.range.is_some());
    assert_eq!(parts.count(), 10, "all parts");
    assert_eq!(
        (fs::read(&file).unwrap(), fs::read(&pieces).unwrap()),
        before
    );

    // Nobody needs it any more once its process is gone.
    drop(lock);
    bench.get(&record).await.unwrap();
    assert!(!bench.out(".wandb-rs-tmp").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_into_one_folder_all_get_the_large_file() {
    const ROUNDS: usize = 10;
    let bench = Arc::new(bench());
    let record = bench.log().await;
    for round in 0..ROUNDS {
        _ = fs::remove_dir_all(bench.path("out"));
        let gets: Vec<_> = (0..4)
            .map(|_| {
                let (bench, record) = (Arc::clone(&bench), record.clone());
                tokio::spawn(async move {
                    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(|_| Fault::Whole));
                    bench.get_over(&faulty.flow, &record, &options()).await
                })
            })
            .collect();
        for get in gets {
            let got = get.await.unwrap();
            assert!(got.is_ok(), "round {round}: {got:?}");
        }
        assert_same_tree(&bench.path("data"), &bench.path("out"));
    }
}

#[tokio::test]
async fn abandoned_resume_files_are_removed_when_old_and_unlocked() {
    let bench = bench();
    let record = bench.log().await;
    let folder = folder(&bench);
    fs::create_dir_all(&folder).unwrap();
    let old = SystemTime::now() - Duration::from_hours(8 * 24);
    let make = |name: &str, is_old: bool| {
        fs::write(folder.join(format!("{name}.pieces")), "record").unwrap();
        let file = fs::File::create(folder.join(name)).unwrap();
        if is_old {
            file.set_modified(old).unwrap();
        }
        file
    };
    make("md5-01", true);
    make("md5-02", false);
    let working = make("md5-03", true);
    working.lock().unwrap();
    fs::write(folder.join("md5-04.pieces"), "without a file").unwrap();
    bench.get(&record).await.unwrap();
    let left: Vec<_> = tree(&folder)
        .into_keys()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(left, ["md5-02", "md5-02.pieces", "md5-03", "md5-03.pieces"]);
}

#[tokio::test]
async fn nothing_is_written_through_a_link_in_place_of_a_resume_file() {
    let bench = bench();
    let record = bench.log().await;
    get_half(&bench, &record, small_limits(), 20, stalls_behind_half).await;
    let (file, _) = half_file(&bench);
    let mine = bench.path("mine");
    fs::write(&mine, vec![7; LENGTH]).unwrap();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&mine, &file).unwrap();
    let faulty = FaultyFlow::new(&bench, FaultyStreams::new(|_| Fault::Whole));
    bench
        .get_over(&faulty.flow, &record, &options())
        .await
        .unwrap();
    assert_eq!(fs::read(bench.out("large")).unwrap(), bytes(1, LENGTH));
    assert_eq!(fs::read(&mine).unwrap(), vec![7; LENGTH]);
}

#[tokio::test]
async fn resume_files_of_an_earlier_version_are_removed() {
    let bench = bench();
    let record = bench.log().await;
    let old = bench.out(".wandb-rs-tmp/half");
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("md5-01"), "half of something").unwrap();
    fs::write(old.join("md5-01.pieces"), "wandb-rs half 1 md5 x 9 3 y\n").unwrap();
    bench.get(&record).await.unwrap();
    assert!(!bench.out(".wandb-rs-tmp").exists());
}
