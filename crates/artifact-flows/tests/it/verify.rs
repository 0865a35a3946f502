//! Verifying: exactly what is right, missing, changed and extra.

use std::fs;

use artifact_core::{AddReference, DigestAlgorithm};
use artifact_flows::{VerifyReport, verify_folder, verify_stored};

use crate::workbench::{Workbench, bytes, log, tree};

fn bench() -> Workbench {
    Workbench::with(&[
        ("a", b"a"),
        ("b/c", &bytes(1, 100_000)),
        ("b/d", b"d"),
        ("e", b""),
        ("huge", &bytes(2, 33 << 20)),
    ])
}

fn paths(paths: &[&str]) -> Vec<artifact_core::LogicalPath> {
    paths.iter().map(|path| path.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_whole_store_verifies() {
    let bench = bench();
    for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Xxh128] {
        let mut draft = bench.draft();
        draft.algorithm = algorithm;
        let record = log(&bench.flow, draft).await.unwrap().record;
        let report = verify_stored(&bench.flow, &record).await.unwrap();
        let expected = VerifyReport {
            ok: 5,
            ..VerifyReport::default()
        };
        assert_eq!(report, expected);
        assert!(report.is_ok());
    }
}

#[tokio::test]
async fn damaged_and_missing_blobs_are_told_apart() {
    let bench = bench();
    let record = bench.log().await;
    fs::remove_file(bench.blob_of(b"d")).unwrap();
    fs::write(bench.blob_of(b"a"), "A").unwrap();
    let report = verify_stored(&bench.flow, &record).await.unwrap();
    let expected = VerifyReport {
        ok: 3,
        missing: paths(&["b/d"]),
        changed: paths(&["a"]),
        ..VerifyReport::default()
    };
    assert_eq!(report, expected);
    assert!(!report.is_ok());
}

#[tokio::test]
async fn references_are_counted_and_not_looked_at() {
    let bench = bench();
    let mut draft = bench.draft();
    fs::write(bench.path("elsewhere"), "elsewhere").unwrap();
    let uri = format!("file://{}", bench.path("elsewhere").display());
    draft.add_reference(AddReference::new(uri.parse().unwrap()));
    let record = log(&bench.flow, draft).await.unwrap().record;
    fs::remove_file(bench.path("elsewhere")).unwrap();
    let report = verify_stored(&bench.flow, &record).await.unwrap();
    assert_eq!((report.ok, report.references, report.is_ok()), (5, 1, true));
}

#[tokio::test]
async fn a_folder_that_was_got_verifies() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let report = verify_folder(&bench.flow, &record, &bench.path("out"))
        .await
        .unwrap();
    let expected = VerifyReport {
        ok: 5,
        ..VerifyReport::default()
    };
    assert_eq!(report, expected);
}

#[tokio::test]
async fn what_differs_in_a_folder_is_told_exactly_and_nothing_is_touched() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    fs::remove_file(bench.out("e")).unwrap();
    fs::remove_file(bench.out("b/d")).unwrap();
    fs::create_dir(bench.out("b/d")).unwrap();
    fs::write(bench.out("b/d/inner"), "x").unwrap();
    fs::write(bench.out("a"), "z").unwrap();
    fs::write(bench.out("b/c"), bytes(9, 100_000)).unwrap();
    fs::write(bench.out("extra"), "x").unwrap();
    let before = tree(&bench.path("out"));
    let report = verify_folder(&bench.flow, &record, &bench.path("out"))
        .await
        .unwrap();
    let expected = VerifyReport {
        ok: 1,
        missing: paths(&["b/d", "e"]),
        changed: paths(&["a", "b/c"]),
        extra: paths(&["b/d/inner", "extra"]),
        references: 0,
    };
    assert_eq!(report, expected);
    assert!(tree(&bench.path("out")) == before);
}

#[tokio::test]
async fn a_folder_that_is_not_there_misses_everything() {
    let bench = bench();
    let record = bench.log().await;
    let report = verify_folder(&bench.flow, &record, &bench.path("nowhere"))
        .await
        .unwrap();
    assert_eq!((report.ok, report.missing.len()), (0, 5));
}

#[tokio::test]
async fn unfinished_files_of_a_get_are_not_extra() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    fs::create_dir_all(bench.out(".wandb-rs-tmp/.tmpX")).unwrap();
    fs::write(bench.out(".wandb-rs-tmp/.tmpX/0"), "half").unwrap();
    let report = verify_folder(&bench.flow, &record, &bench.path("out"))
        .await
        .unwrap();
    assert!(report.is_ok(), "{report:?}");
}

#[tokio::test]
async fn what_is_neither_file_nor_folder_is_extra() {
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(bench.out("socket")).unwrap();
    let report = verify_folder(&bench.flow, &record, &bench.path("out"))
        .await
        .unwrap();
    assert_eq!((report.ok, report.extra), (5, paths(&["socket"])));
}

#[tokio::test]
async fn a_file_that_cannot_be_named_is_extra_and_does_not_stop_the_rest() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = bench();
    let record = bench.log().await;
    bench.get(&record).await.unwrap();
    let name = std::ffi::OsStr::from_bytes(b"not utf-8 \xff");
    fs::write(bench.path("out").join(name), "x").unwrap();
    let report = verify_folder(&bench.flow, &record, &bench.path("out")).await;
    // It cannot be listed as a path, but it must not pass for right either.
    match report {
        Ok(report) => assert!(!report.is_ok()),
        Err(error) => assert!(
            crate::workbench::chain(&error).contains("not utf-8"),
            "{error}"
        ),
    }
}
