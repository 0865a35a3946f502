//! Interrupted saves and their continuation.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use artifact_core::RunId;
use artifact_core::records::{RunAddress, RunChanges};
use artifact_flows::{SaveTarget, save};

use super::{
    NAMES, assert_one_version, bench, interrupted, journals, others, until_stuck, without_c,
};
use crate::script::{Act, Call, Script};
use crate::workbench::{assert_same_tree, chain, log, prepared, project, target};

/// Interrupts a save at every call, one after the other, and each time lets the next run end it.
async fn interrupt_everywhere(act: Act) {
    let mut interruptions = 0;
    for at in 0.. {
        let bench = bench();
        let (flow, first) =
            Script::new(move |_, call| if call == at { act } else { Act::Pass }).play(&bench);
        let ended = until_stuck(&flow, &bench, &first).await;
        if let Some(Ok(saved)) = ended {
            assert!(first.calls().len() <= at, "an interruption was overlooked");
            assert_one_version(&bench, &saved).await;
            break;
        }
        interruptions += 1;
        drop(flow);

        let (flow, second) = Script::plain().play(&bench);
        let saved = log(&flow, bench.draft()).await.unwrap();
        assert_one_version(&bench, &saved).await;
        let is_committed = act == Act::Lose && first.calls().last() == Some(&Call::Commit);
        assert_eq!(saved.is_deduplicated, is_committed);
        let missing = if is_committed {
            Vec::new()
        } else {
            others(&first.uploaded())
        };
        let context = format!("{act:?} at call {at}, {:?}", first.calls().last());
        assert_eq!(second.sent(), missing, "{context}");
        assert_eq!(second.asked_names(), missing, "{context}");
        // A version that is known of is continued, and no other one is begun.
        let was_begun = first.count(|call| *call == Call::CreateManifest) == 1;
        let creations = second.count(|call| *call == Call::Create);
        assert_eq!(
            creations,
            usize::from(!was_begun || is_committed),
            "{context}"
        );
    }
    // Create, manifest, ask, five bodies, announce, manifest, commit.
    assert_eq!(interruptions, 11);
}

#[tokio::test]
async fn a_save_that_fails_at_any_call_is_continued() {
    interrupt_everywhere(Act::Fail).await;
}

#[tokio::test]
async fn a_save_that_loses_any_answer_is_continued() {
    interrupt_everywhere(Act::Lose).await;
}

#[tokio::test]
async fn a_save_that_is_killed_at_any_call_is_continued() {
    interrupt_everywhere(Act::Hang).await;
}

#[tokio::test]
async fn a_save_may_be_interrupted_again_and_again() {
    let bench = bench();
    let mut confirmed = Vec::new();
    for _ in 0..NAMES.len() {
        let left = AtomicUsize::new(1);
        let more = interrupted(
            &bench,
            Script::new(move |call, _| match call {
                Call::Upload(_) if left.fetch_sub(1, Ordering::SeqCst) == 1 => Act::Pass,
                Call::Upload(_) => {
                    left.store(0, Ordering::SeqCst);
                    Act::Hang
                }
                Call::Announce => Act::Hang,
                _ => Act::Pass,
            }),
        )
        .await;
        assert_eq!(more.len(), 1);
        confirmed.extend(more);
    }
    confirmed.sort();
    assert_eq!(confirmed, NAMES);
    let (flow, script) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(script.sent(), Vec::<String>::new());
    assert_eq!((saved.stats.new_files, saved.stats.new_bytes), (5, 15_000));
    assert_one_version(&bench, &saved).await;
}

#[tokio::test]
async fn content_that_the_registry_holds_is_confirmed_too() {
    let bench = bench();
    // An earlier version holds `a` and `b`, under the keys that the engine gave.
    let mut draft = crate::workbench::empty_draft();
    for name in ["a", "b"] {
        draft.add(
            name.parse().unwrap(),
            crate::workbench::file(bench.data(name)),
        );
    }
    let base = log(&bench.flow, draft).await.unwrap().record;
    let confirmed = without_c(&bench).await;
    assert_eq!(confirmed, ["d", "e"], "the others were held or failed");
    let (flow, script) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(
        (script.asked_names(), script.sent()),
        (
            others(&["a", "b", "d", "e"].map(String::from)),
            vec!["c".to_owned()]
        )
    );
    assert_eq!((saved.stats.new_files, saved.stats.reused_files), (3, 2));
    let manifest = artifact_flows::read_manifest(&flow, &saved.record)
        .await
        .unwrap();
    let birth = manifest
        .get(&"a".parse().unwrap())
        .unwrap()
        .birth_artifact
        .clone();
    assert_eq!(&*birth.unwrap(), base.id.0);
}

#[tokio::test]
async fn another_wish_begins_afresh() {
    let bench = bench();
    without_c(&bench).await;
    let (flow, script) = Script::plain().play(&bench);
    let prepared = prepared(&flow, bench.draft()).await.unwrap();
    let aliased = SaveTarget {
        aliases: vec!["best".parse().unwrap()],
        ..target()
    };
    let saved = save(&flow, prepared, aliased).await.unwrap();
    assert_eq!(script.sent(), NAMES);
    assert!(
        saved
            .record
            .aliases
            .iter()
            .any(|alias| alias.as_ref() == "best")
    );
    assert_eq!(journals(&bench).len(), 1, "the other's");
}

#[tokio::test]
async fn another_run_continues_and_the_version_stays_the_first_ones() {
    let bench = bench();
    let mut runs = Vec::new();
    for id in ["first", "second"] {
        let address = RunAddress {
            project: project(),
            id: id.parse::<RunId>().unwrap(),
        };
        let run = bench
            .flow
            .registry
            .upsert_run(&address, RunChanges::default());
        runs.push(run.await.unwrap());
    }
    let mut saved = Err("nothing was logged");
    for (run, act) in runs.iter().zip([Act::Fail, Act::Pass]) {
        let (flow, _) = Script::new(move |call, _| match call {
            Call::Upload(name) if name == "c" => act,
            _ => Act::Pass,
        })
        .play(&bench);
        let prepared = prepared(&flow, bench.draft()).await.unwrap();
        let target = SaveTarget {
            run: Some(run.address.id.clone()),
            ..target()
        };
        saved = save(&flow, prepared, target).await.map_err(|_| "it failed");
    }
    let id = saved.unwrap().record.id;
    let logged_by = bench.flow.registry.logged_by(&id).await.unwrap().unwrap();
    assert_eq!(logged_by.address, runs[0].address);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_do_not_share_a_version() {
    let bench = bench();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let is_open = Arc::clone(&gate);
    let (flow, first) = Script::new(move |call, _| match call {
        Call::Announce if is_open.available_permits() == 0 => Act::Delay(Duration::from_secs(3)),
        _ => Act::Pass,
    })
    .play(&bench);
    let draft = bench.draft();
    let slow = tokio::spawn(async move { log(&flow, draft).await.unwrap() });
    while first.count(|call| *call == Call::Announce) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (flow, second) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(second.sent(), NAMES, "the other's version was taken over");
    assert!(!saved.is_deduplicated);
    assert_eq!(journals(&bench).len(), 1, "the first one's is still there");
    gate.add_permits(1);
    assert!(slow.await.unwrap().is_deduplicated);
    assert_one_version(&bench, &saved).await;
}

#[tokio::test]
async fn what_the_registry_lost_is_sent_again() {
    let bench = bench();
    // What seems to be sent is not, so the journal holds what the registry does not.
    let confirmed = interrupted(
        &bench,
        Script::new(|call, _| match call {
            Call::Upload(name) if name == "b" => Act::Pretend,
            Call::Upload(name) if name == "c" => Act::Fail,
            _ => Act::Pass,
        }),
    )
    .await;
    assert_eq!(confirmed, ["a", "b", "d", "e"]);
    let (flow, script) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    let mut sent = vec!["c".to_owned()];
    sent.extend(NAMES.map(String::from));
    sent.sort();
    assert_eq!(script.sent(), sent, "what was missing, and then everything");
    assert_eq!(saved.stats.new_files, 5);
    assert_one_version(&bench, &saved).await;
}

#[tokio::test]
async fn a_registry_that_finds_content_missing_again_and_again_is_asked_twice() {
    let bench = bench();
    without_c(&bench).await;
    let (flow, script) = Script::new(|call, _| match call {
        Call::Commit => Act::Miss,
        _ => Act::Pass,
    })
    .play(&bench);
    let error = log(&flow, bench.draft()).await.unwrap_err();
    assert!(chain(&error).contains("was never stored"), "{error:?}");
    assert_eq!(script.count(|call| *call == Call::Commit), 2);
    assert_eq!(journals(&bench), Vec::<PathBuf>::new());
    let (flow, _) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_one_version(&bench, &saved).await;
}

#[tokio::test]
async fn a_file_that_changed_since_makes_another_save() {
    let bench = bench();
    without_c(&bench).await;
    bench.write("a", b"another");
    let (flow, script) = Script::plain().play(&bench);
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(script.sent(), NAMES);
    bench.get(&saved.record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}
