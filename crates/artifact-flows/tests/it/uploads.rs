//! Saving to a registry elsewhere: what is asked, what is sent, how much of it at once, and what happens on the way.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use artifact_core::ports::{TransferError, UploadNeeds};
use artifact_core::{ContentDigest, DigestAlgorithm};
use artifact_flows::FlowError;
use md5::{Digest as _, Md5};

use crate::script::{Act, Call, Script};
use crate::workbench::{
    Workbench, assert_same_tree, bytes, chain, log, resolvers, target, wait_until_settled,
};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

fn many(count: usize) -> Workbench {
    let bench = Workbench::new();
    for index in 0..count {
        let name = format!("{index:04}");
        bench.write(&name, name.as_bytes());
    }
    bench
}

async fn assert_comes_back(bench: &Workbench, record: &artifact_core::ports::ArtifactRecord) {
    bench.get(record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

fn is_upload(call: &Call) -> bool {
    matches!(call, Call::Upload(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn many_bodies_are_on_their_way_at_once_but_not_too_many() {
    let bench = many(200);
    let (flow, script) = Script::new(|call, _| match call {
        Call::Upload(_) => Act::Delay(Duration::from_millis(300)),
        _ => Act::Pass,
    })
    .play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(saved.stats.new_files, 200);
    let most = script.most_bodies();
    assert!((32..=64).contains(&most), "{most} at once");
    assert_eq!(script.uploaded().len(), 200);
    assert_comes_back(&bench, &saved.record).await;
}

#[tokio::test]
async fn the_next_files_are_asked_about_while_bodies_are_on_their_way() {
    let bench = many(600);
    let (flow, script) = Script::new(|call, _| match call {
        Call::Upload(_) => Act::Delay(Duration::from_millis(100)),
        _ => Act::Pass,
    })
    .play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    let calls = script.calls();
    let second = calls.iter().position(
        |call| matches!(call, Call::Ask(files) if files.first().unwrap().path.as_str() == "0250"),
    );
    let sent_before = calls[..second.unwrap()]
        .iter()
        .filter(|call| is_upload(call));
    assert!(
        sent_before.count() <= 64,
        "the first bodies were waited for"
    );
    let batches: Vec<_> = script.asked().iter().map(Vec::len).collect();
    assert_eq!(batches, [250, 350]);
    assert_comes_back(&bench, &saved.record).await;
}

#[tokio::test]
async fn bodies_that_end_in_any_order_make_the_same_manifest() {
    let bench = many(100);
    let turn = AtomicUsize::new(0);
    let (flow, _) = Script::new(move |call, _| match call {
        Call::Upload(_) => {
            let turn = turn.fetch_add(37, Ordering::Relaxed) % 50;
            Act::Delay(Duration::from_millis(turn as u64))
        }
        _ => Act::Pass,
    })
    .play(&bench);
    let record = log(&flow, bench.draft()).await.unwrap().record;
    let manifest = artifact_flows::read_manifest(&flow, &record).await.unwrap();
    let paths: Vec<_> = manifest.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths.len(), 100);
    assert!(paths.is_sorted());
    let births: BTreeSet<_> = manifest
        .iter()
        .map(|(_, entry)| entry.birth_artifact.clone().unwrap().to_string())
        .collect();
    assert_eq!(births, BTreeSet::from([record.id.to_string()]));
    assert_comes_back(&bench, &record).await;
}

#[tokio::test]
async fn the_md5_is_told_where_the_digest_is_another_and_the_registry_needs_it() {
    let large = bytes(1, 300_000);
    let bench = Workbench::with(&[("small", b"small"), ("large", &large)]);
    let needs = |_| UploadNeeds {
        md5: true,
        part_size: None,
    };
    for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Xxh128] {
        let (flow, script) = Script::plain().needing(needs).play(&bench);
        let mut draft = bench.draft();
        draft.algorithm = algorithm;
        draft.add(
            "bytes".parse().unwrap(),
            artifact_core::Source::Bytes(b"bytes".as_slice().into()),
        );
        log(&flow, draft).await.unwrap();
        let asked = script.asked().concat();
        assert_eq!(asked.len(), 3);
        for file in asked {
            let content: &[u8] = match file.path.as_str() {
                "large" => &large,
                other => other.as_bytes(),
            };
            let md5: [u8; 16] = Md5::digest(content).into();
            match algorithm {
                DigestAlgorithm::Md5 => assert_eq!(file.md5, None),
                DigestAlgorithm::Xxh128 => assert_eq!(file.md5, Some(md5)),
            }
            assert!(file.part_md5s.is_empty());
        }
    }
}

#[tokio::test]
async fn the_md5s_of_parts_are_told_of_files_that_the_registry_wants_in_parts() {
    let large = bytes(1, 300_001);
    let bench = Workbench::with(&[("small", b"small"), ("large", &large)]);
    let (flow, script) = Script::plain()
        .needing(|size| UploadNeeds {
            md5: false,
            part_size: (100_000 <= size).then_some(100_000),
        })
        .play(&bench);
    log(&flow, bench.draft()).await.unwrap();
    for file in script.asked().concat() {
        let parts: Vec<[u8; 16]> = match file.path.as_str() {
            "large" => large
                .chunks(100_000)
                .map(|part| Md5::digest(part).into())
                .collect(),
            _ => Vec::new(),
        };
        assert_eq!(file.part_md5s, parts, "{}", file.path);
        assert_eq!(file.md5, None);
    }
}

#[tokio::test]
async fn a_file_that_changed_before_its_parts_are_hashed_is_refused() {
    let bench = Workbench::with(&[("a", &bytes(1, 100_000))]);
    let path = bench.data("a");
    wait_until_settled(&path);
    let (victim, is_done) = (path.clone(), AtomicBool::new(false));
    let (flow, script) = Script::new(move |call, _| {
        if *call == Call::CreateManifest && !is_done.swap(true, Ordering::SeqCst) {
            fs::write(&victim, bytes(2, 100_000)).unwrap();
        }
        Act::Pass
    })
    .needing(|_| UploadNeeds {
        md5: false,
        part_size: Some(10_000),
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(
        matches!(&error, FlowError::Changed { path: named } if *named == path),
        "{error:?}"
    );
    assert_eq!(script.asked(), Vec::<Vec<_>>::new());
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn a_ticket_that_expired_is_asked_for_again_for_its_file_alone() {
    let bench = many(30);
    let expired = std::sync::Mutex::new(BTreeSet::new());
    let (flow, script) = Script::new(move |call, _| match call {
        // Every third file, once.
        Call::Upload(name) if name.ends_with(['0', '3', '6', '9']) => {
            if expired.lock().unwrap().insert(name.clone()) {
                Act::Expire
            } else {
                Act::Pass
            }
        }
        _ => Act::Pass,
    })
    .play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    let batches: Vec<_> = script.asked().iter().map(Vec::len).collect();
    let singles = [1; 12];
    assert_eq!((batches[0], &batches[1..]), (30, &singles[..]));
    assert_eq!((script.sent().len(), script.uploaded().len()), (42, 30));
    assert_comes_back(&bench, &saved.record).await;
}

#[tokio::test]
async fn tickets_that_expire_again_and_again_are_an_error_with_the_path() {
    let bench = Workbench::with(&[("a", b"a"), ("b", b"b")]);
    let (flow, script) = Script::new(|call, _| match call {
        Call::Upload(name) if name == "b" => Act::Expire,
        _ => Act::Pass,
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    let FlowError::Transfer { path, source } = &error else {
        panic!("{error:?}")
    };
    assert!(
        matches!(source, TransferError::Expired { .. }),
        "{source:?}"
    );
    assert_eq!(path, "b");
    assert_eq!(
        script.count(|call| *call == Call::Upload("b".to_owned())),
        5
    );
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn the_manifest_is_announced_again_when_its_ticket_expired() {
    let bench = many(3);
    let is_done = AtomicBool::new(false);
    let (flow, script) = Script::new(move |call, _| match call {
        Call::UploadManifest if !is_done.swap(true, Ordering::SeqCst) => Act::Expire,
        _ => Act::Pass,
    })
    .play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(script.count(|call| *call == Call::Announce), 2);
    assert_comes_back(&bench, &saved.record).await;

    let bench = many(3);
    let (flow, script) = Script::new(|call, _| match call {
        Call::UploadManifest => Act::Expire,
        _ => Act::Pass,
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(error.to_string().contains("wandb_manifest.json"), "{error}");
    assert_eq!(script.count(|call| *call == Call::Announce), 5);
}

#[tokio::test]
async fn what_is_on_its_way_when_something_fails_is_sent_to_its_end() {
    let bench = many(100);
    let (flow, script) = Script::new(|call, _| match call {
        Call::Upload(name) if name == "0010" => Act::Fail,
        Call::Upload(_) => Act::Delay(Duration::from_millis(200)),
        _ => Act::Pass,
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(
        matches!(&error, FlowError::Transfer { path, .. } if path == "0010"),
        "{error:?}"
    );
    let (sent, uploaded) = (script.sent(), script.uploaded());
    assert_eq!(sent.len(), uploaded.len() + 1);
    assert!(
        (10..=64).contains(&sent.len()),
        "nothing more is begun: {}",
        sent.len()
    );
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn a_file_that_changed_before_it_is_sent_is_not_sent() {
    let bench = Workbench::with(&[("a", b"a"), ("b", b"before")]);
    let path = bench.data("b");
    wait_until_settled(&path);
    let victim = path.clone();
    let (flow, script) = Script::new(move |call, _| {
        if matches!(call, Call::Ask(_)) {
            fs::write(&victim, "behind").unwrap();
        }
        Act::Pass
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(
        matches!(&error, FlowError::Changed { path: named } if *named == path),
        "{error:?}"
    );
    assert_eq!(script.sent(), ["a"]);
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn a_file_that_changed_while_it_was_sent_is_refused() {
    for act in [Act::Pass, Act::Pretend, Act::Fail] {
        let bench = Workbench::with(&[("a", &b"before".repeat(20_000))]);
        let path = bench.data("a");
        wait_until_settled(&path);
        let victim = path.clone();
        let (flow, _) = Script::new(move |call, _| {
            if is_upload(call) {
                fs::write(&victim, "behind".repeat(20_000)).unwrap();
                return act;
            }
            Act::Pass
        })
        .play(&bench);
        let error = log(&flow, bench.draft()).await.unwrap_err();
        assert!(
            matches!(&error, FlowError::Changed { path: named } if *named == path),
            "{act:?}: {error:?}"
        );
        assert_eq!(bench.versions().await, []);
    }
}

/// It was read at one go, so nothing of what became of it is sent.
#[tokio::test]
async fn a_small_file_that_changed_while_it_was_sent_is_sent_as_it_was() {
    let bench = Workbench::with(&[("a", b"before")]);
    let path = bench.data("a");
    wait_until_settled(&path);
    let victim = path.clone();
    let (flow, script) = Script::new(move |call, _| {
        if is_upload(call) {
            fs::write(&victim, "behind").unwrap();
        }
        Act::Pass
    })
    .play(&bench);
    log(&flow, bench.draft()).await.unwrap();
    assert_eq!(script.sent(), ["a"]);
    assert_eq!(bench.versions().await.len(), 1);
}

#[tokio::test]
async fn a_file_that_is_gone_before_it_is_sent_is_named() {
    let bench = Workbench::with(&[("a", b"a")]);
    let path = bench.data("a");
    let victim = path.clone();
    let (flow, _) = Script::new(move |call, _| {
        if matches!(call, Call::Ask(_)) {
            fs::remove_file(&victim).unwrap();
        }
        Act::Pass
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(chain(&error).contains("data/a"), "{error:?}");
}

#[tokio::test]
async fn a_registry_that_gives_too_few_grants_is_an_error() {
    let bench = many(3);
    let flow = bench.over_registry(
        crate::intercepted_registry::InterceptedRegistry::one_upload(&bench.flow.registry),
    );
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(
        chain(&error).contains("asked for 3 upload tickets"),
        "{}",
        chain(&error)
    );
    assert_eq!(bench.versions().await, []);
}

#[tokio::test]
async fn a_registry_that_knows_one_hash_function_gets_that() {
    let bench = many(3);
    let (flow, script) = Script::plain().knowing(DigestAlgorithm::Md5).play(&bench);
    let mut draft = bench.draft();
    draft.algorithm = DigestAlgorithm::Xxh128;
    let saved = artifact_flows::log(&flow, draft, &resolvers(), target())
        .await
        .unwrap();
    assert_eq!(saved.record.algorithm, DigestAlgorithm::Md5);
    let files = script.asked().concat();
    assert!(
        files
            .iter()
            .all(|file| matches!(file.digest, ContentDigest::Md5(_)))
    );
    let again = bench.log().await;
    assert_eq!(
        again.id, saved.record.id,
        "the same digest as if it had been wanted"
    );
}

#[tokio::test]
async fn a_save_that_is_dropped_stops_sending() {
    let bench = many(100);
    let (flow, script) = Script::new(|call, _| match call {
        Call::Upload(_) => Act::Hang,
        _ => Act::Pass,
    })
    .play(&bench);
    let save = log(&flow, bench.draft());
    let timeout = tokio::time::timeout(Duration::from_secs(2), save).await;
    assert!(timeout.is_err());
    // Whatever the tasks held is let go of, once they are.
    let gone = async {
        while 2 < Arc::strong_count(&flow.transfer) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    assert_eq!((script.sent().len(), script.uploaded().len()), (64, 0));
}
