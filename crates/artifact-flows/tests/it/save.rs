//! Saving: what is refused and what is not, and that nothing is committed by halves.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use artifact_core::{DraftError, Source};
use artifact_flows::{FlowError, Purpose, prepare};
use bytes::Bytes;

use crate::intercepted_transfer::{InterceptedTransfer, disk_full};
use crate::workbench::{
    Workbench, bytes, chain, empty_draft, file, log, prepared, resolvers, wait_until_settled,
};

/// A file that is read whole, one that is read in step with others, one that two threads read.
const LENGTHS: [usize; 3] = [60_000, 400_000, (32 << 20) + 5];

/// Logs two files of this length while `change` happens once to the second, and expects it to be refused.
async fn assert_change_is_refused(
    length: usize,
    change: impl Fn(&std::path::Path) + Send + Sync + 'static,
) {
    let bench = Workbench::with(&[("a", &bytes(1, length)), ("b", &bytes(2, length))]);
    let victim = bench.data("b");
    wait_until_settled(&victim);
    let is_done = AtomicBool::new(false);
    let path = victim.clone();
    let transfer = InterceptedTransfer::new(&bench.flow.transfer).on_take(move || {
        if !is_done.swap(true, Ordering::SeqCst) {
            change(&path);
        }
        Ok(())
    });
    let mut draft = empty_draft();
    draft.add("b".parse().unwrap(), file(victim.clone()));
    if length <= 1 << 20 {
        draft.add("a".parse().unwrap(), file(bench.data("a")));
    }
    let error = log(&bench.over_transfer(&transfer.shared()), draft)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, FlowError::Changed { path } if *path == victim),
        "{length} bytes: {error:?}"
    );
    assert!(error.to_string().contains(&victim.display().to_string()));
    assert_eq!(bench.versions().await, []);
    bench.assert_no_drafts();

    // When nobody writes any more, the same draft is logged.
    let mut draft = empty_draft();
    draft.add("b".parse().unwrap(), file(victim.clone()));
    let record = log(&bench.flow, draft).await.unwrap().record;
    bench.get(&record).await.unwrap();
    assert!(fs::read(bench.out("b")).unwrap() == fs::read(victim).unwrap());
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_is_refused() {
    for length in LENGTHS {
        assert_change_is_refused(length, |path| {
            let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(b"more").unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_read_is_refused() {
    for length in LENGTHS {
        assert_change_is_refused(length, move |path| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(length as u64 - 1).unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn a_file_that_is_rewritten_with_the_same_length_while_it_is_read_is_refused() {
    for length in LENGTHS {
        assert_change_is_refused(length, move |path| {
            let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.write_all(&bytes(9, length)).unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn the_same_content_may_claim_a_path_twice() {
    let bench = Workbench::with(&[("one", b"same"), ("two", b"same")]);
    let mut draft = empty_draft();
    for source in [
        file(bench.data("one")),
        file(bench.data("two")),
        Source::Bytes(Bytes::from_static(b"same")),
    ] {
        draft.add("a".parse().unwrap(), source);
    }
    let saved = log(&bench.flow, draft).await.unwrap();
    assert_eq!((saved.record.file_count, saved.record.size), (1, 4));
    bench.get(&saved.record).await.unwrap();
    assert_eq!(fs::read(bench.out("a")).unwrap(), b"same");
}

#[tokio::test]
async fn different_content_for_one_path_is_refused_with_both_origins() {
    let bench = Workbench::with(&[("one", b"content"), ("two", b"another")]);
    let mut draft = empty_draft();
    draft.add("a/b".parse().unwrap(), file(bench.data("one")));
    draft.add("a/b".parse().unwrap(), file(bench.data("two")));
    let error = log(&bench.flow, draft).await.unwrap_err();
    assert!(matches!(error, FlowError::Conflict { .. }), "{error:?}");
    for part in ["a/b", "data/one", "data/two"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn a_path_that_is_a_file_and_a_folder_is_refused() {
    let bench = Workbench::with(&[("one", b"1"), ("two", b"2")]);
    let mut draft = empty_draft();
    draft.add("a".parse().unwrap(), file(bench.data("one")));
    draft.add("a/b".parse().unwrap(), file(bench.data("two")));
    let error = log(&bench.flow, draft).await.unwrap_err();
    assert!(
        matches!(error, FlowError::Draft(DraftError::FileAndFolder { .. })),
        "{error:?}"
    );
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn a_file_that_is_gone_is_named() {
    let bench = Workbench::with(&[("here", b"here")]);
    let mut draft = bench.draft();
    draft.add("gone".parse().unwrap(), file(bench.data("gone")));
    let error = log(&bench.flow, draft).await.unwrap_err();
    assert!(
        matches!(&error, FlowError::Read { path, .. } if *path == bench.data("gone")),
        "{error:?}"
    );
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn a_file_that_became_a_folder_is_named() {
    let bench = Workbench::with(&[("a", b"a")]);
    let draft = bench.draft();
    fs::remove_file(bench.data("a")).unwrap();
    fs::create_dir(bench.data("a")).unwrap();
    let error = log(&bench.flow, draft).await.unwrap_err();
    assert!(error.to_string().contains("data/a"), "{error}");
    assert_eq!(bench.versions().await, []);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_whose_reads_fail_is_named() {
    // Opening it succeeds and reading it fails, whoever reads.
    let mut draft = empty_draft();
    draft.add("mem".parse().unwrap(), file("/proc/self/mem".into()));
    let bench = Workbench::new();
    let error = log(&bench.flow, draft).await.unwrap_err();
    assert!(
        matches!(&error, FlowError::Read { path, .. } if path.ends_with("self/mem")),
        "{error:?}"
    );
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn an_empty_artifact_is_a_version_without_files() {
    let bench = Workbench::new();
    let saved = log(&bench.flow, empty_draft()).await.unwrap();
    assert_eq!((saved.record.file_count, saved.record.size), (0, 0));
    let fetched = bench.get(&saved.record).await.unwrap();
    assert_eq!(fetched.placed_files, 0);
    assert!(bench.path("out").is_dir());
    assert!(
        log(&bench.flow, empty_draft())
            .await
            .unwrap()
            .is_deduplicated
    );
}

#[tokio::test]
async fn a_preview_stores_nothing_and_gives_the_digest_of_the_version() {
    let bench = Workbench::with(&[("a", b"a"), ("b", &bytes(3, 300_000))]);
    let transfer = InterceptedTransfer::new(&bench.flow.transfer).shared();
    let flow = bench.over_transfer(&transfer);
    let preview = prepare(&flow, bench.draft(), &resolvers(), Purpose::Preview)
        .await
        .unwrap();
    assert_eq!((transfer.taken_early(), bench.blobs().len()), (0, 0));
    assert_eq!(bench.log().await.digest, preview.digest);
}

#[tokio::test]
async fn a_full_disk_while_content_is_taken_names_the_file_and_leaves_nothing() {
    for length in LENGTHS {
        let bench = Workbench::with(&[("a", &bytes(1, length))]);
        let transfer = InterceptedTransfer::new(&bench.flow.transfer)
            .on_take(|| Err(disk_full()))
            .shared();
        let error = log(&bench.over_transfer(&transfer), bench.draft())
            .await
            .unwrap_err();
        let text = chain(&error);
        assert!(
            text.contains("data/a") && text.contains("no storage space"),
            "{length} bytes: {text}"
        );
        assert_eq!(bench.versions().await, []);
        bench.assert_no_drafts();
        bench.log().await;
    }
}

#[tokio::test]
async fn a_failed_upload_commits_nothing_and_a_rerun_completes() {
    let bench = Workbench::with(&[("a", b"a"), ("b", &bytes(4, 100_000))]);
    for failing in 0..3 {
        let left = std::sync::atomic::AtomicI32::new(failing);
        let transfer = InterceptedTransfer::new(&bench.flow.transfer)
            .asking_first()
            .on_upload(move || match left.fetch_sub(1, Ordering::SeqCst) {
                0 => Err(disk_full()),
                _ => Ok(()),
            })
            .shared();
        let error = log(&bench.over_transfer(&transfer), bench.draft())
            .await
            .unwrap_err();
        assert!(matches!(error, FlowError::Transfer { .. }), "{error:?}");
        assert_eq!(bench.versions().await, []);
    }
    let record = bench.log().await;
    assert_eq!(record.version.to_string(), "v0");
    bench.get(&record).await.unwrap();
    crate::workbench::assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn what_changes_between_hashing_and_sending_is_refused() {
    let bench = Workbench::with(&[("a", &b"before".repeat(20_000))]);
    let path = bench.data("a");
    let transfer = InterceptedTransfer::new(&bench.flow.transfer)
        .asking_first()
        .on_upload(move || {
            fs::write(&path, "behind".repeat(20_000)).unwrap();
            Ok(())
        })
        .shared();
    let error = log(&bench.over_transfer(&transfer), bench.draft())
        .await
        .unwrap_err();
    assert!(error.to_string().contains('a'), "{error}");
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn many_logs_of_one_draft_at_once_make_one_version() {
    let bench = Arc::new(Workbench::with(&[("a", b"a"), ("b", &bytes(5, 200_000))]));
    let logs: Vec<_> = (0..8)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { log(&bench.flow, bench.draft()).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for log in logs {
        new += u32::from(!log.await.unwrap().is_deduplicated);
    }
    assert_eq!((new, bench.versions().await.len()), (1, 1));
}

#[tokio::test]
async fn a_prepared_artifact_that_is_dropped_leaves_nothing_visible() {
    let bench = Workbench::with(&[("a", b"a")]);
    drop(prepared(&bench.flow, bench.draft()).await.unwrap());
    assert_eq!(bench.versions().await, []);
    assert_eq!(bench.log().await.version.to_string(), "v0");
}
