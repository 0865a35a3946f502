//! A registry that refuses: whatever step it is, nothing is committed by halves, and the next try completes.

use artifact_flows::{FlowError, SavedStats};

use crate::intercepted_registry::{InterceptedRegistry, Step};
use crate::intercepted_transfer::InterceptedTransfer;
use crate::workbench::{Workbench, assert_same_tree, bytes, log};

#[tokio::test]
async fn a_refusal_at_any_step_commits_nothing_and_a_rerun_completes() {
    for step in Step::ALL {
        let bench = Workbench::with(&[("a", b"a"), ("b/c", &bytes(1, 150_000))]);
        let refusing = bench.over_registry(InterceptedRegistry::at(step, &bench.flow.registry));
        let error = log(&refusing, bench.draft()).await.unwrap_err();
        assert!(
            matches!(&error, FlowError::Registry(_)),
            "{step:?}: {error:?}"
        );
        assert!(error.to_string().contains(&format!("{step:?}")), "{error}");
        let committed = usize::from(step == Step::AnswerOfCommit);
        assert_eq!(bench.versions().await.len(), committed, "{step:?}");

        let saved = log(&bench.flow, bench.draft()).await.unwrap();
        assert_eq!(saved.record.version.to_string(), "v0", "{step:?}");
        assert_eq!(saved.is_deduplicated, committed == 1, "{step:?}");
        assert_eq!(bench.versions().await.len(), 1, "{step:?}");
        bench.get(&saved.record).await.unwrap();
        assert_same_tree(&bench.path("data"), &bench.path("out"));
    }
}

#[tokio::test]
async fn content_that_the_registry_does_not_know_is_sent() {
    let bench = Workbench::with(&[("a", b"a"), ("b", &bytes(1, 100_000)), ("empty", b"")]);
    let transfer = InterceptedTransfer::new(&bench.flow.transfer).shared();
    let mut flow = bench.over_transfer(&transfer);
    flow.registry = bench
        .over_registry(InterceptedRegistry::every_key(&bench.flow.registry))
        .registry;
    let saved = log(&flow, bench.draft()).await.unwrap();
    assert_eq!(transfer.uploads(), 3 + 1, "three files and the manifest");
    assert_eq!(
        saved.stats,
        SavedStats {
            new_files: 3,
            new_bytes: 100_001,
            ..SavedStats::default()
        }
    );
    bench.get(&saved.record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

#[tokio::test]
async fn content_that_a_local_registry_took_is_not_sent_again() {
    let bench = Workbench::with(&[("a", b"a"), ("b", &bytes(1, 100_000))]);
    let transfer = InterceptedTransfer::new(&bench.flow.transfer).shared();
    log(&bench.over_transfer(&transfer), bench.draft())
        .await
        .unwrap();
    assert_eq!((transfer.taken_early(), transfer.uploads()), (2, 1));
}

#[tokio::test]
async fn a_registry_that_forgets_an_entry_is_not_believed() {
    let bench = Workbench::with(&[("a", b"a"), ("b", b"b")]);
    let record = bench.log().await;
    let forgetting = bench.over_registry(InterceptedRegistry::one_download(&bench.flow.registry));
    let options = artifact_flows::FetchOptions::default();
    let got = bench.get_over(&forgetting, &record, &options).await;
    assert!(got.is_err(), "{got:?}");
    let verified = artifact_flows::verify_stored(&forgetting, &record).await;
    assert!(verified.is_err(), "{verified:?}");
}
