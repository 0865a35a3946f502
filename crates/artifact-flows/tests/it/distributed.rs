//! Parts of a distributed version: interrupted, too late, and sent again.

use std::time::Duration;

use artifact_flows::{Flow, FlowError, PartialVersion, SaveTarget, upsert};

use crate::script::{Act, Call, Script};
use crate::workbench::{
    Workbench, assert_same_tree, bytes, empty_draft, prepared, resolvers, target, tree,
};

fn bench() -> Workbench {
    let bench = Workbench::new();
    for (index, name) in ["a", "b", "c"].iter().enumerate() {
        bench.write(name, &bytes(index as u64, 1_000 * (index + 1)));
    }
    bench
}

fn together() -> SaveTarget {
    SaveTarget {
        distributed_id: Some("together".to_owned()),
        ..target()
    }
}

async fn share(flow: &Flow, bench: &Workbench) -> Result<PartialVersion, FlowError> {
    upsert(flow, bench.draft(), &resolvers(), together()).await
}

/// Finishes the version with a share that has `name` alone.
async fn finish(bench: &Workbench, name: &str) -> artifact_flows::Saved {
    let mut draft = empty_draft();
    let local = crate::workbench::file(bench.path("data").join(name));
    draft.add(name.parse().unwrap(), local);
    let resolvers = resolvers();
    let finished = artifact_flows::log(&bench.flow, draft, &resolvers, together());
    finished.await.unwrap()
}

#[tokio::test]
async fn an_interrupted_share_is_continued_and_counts_once() {
    let bench = bench();
    let (flow, first) = Script::new(|call, _| match call {
        Call::Upload(name) if name == "c" => Act::Fail,
        _ => Act::Pass,
    })
    .play(&bench);
    share(&flow, &bench).await.unwrap_err();
    assert_eq!(first.uploaded(), ["a", "b"]);
    let (flow, second) = Script::plain().play(&bench);
    assert_eq!(share(&flow, &bench).await.unwrap().file_count, 3);
    assert_eq!(second.sent(), ["c"]);
    assert_eq!(second.count(|call| *call == Call::Commit), 0);
    assert!(
        tree(&bench.path("journals")).is_empty(),
        "a journal was left"
    );
    assert!(bench.versions().await.is_empty(), "it is still pending");

    let saved = finish(&bench, "a").await;
    assert_eq!(
        (saved.record.version.get(), saved.record.file_count),
        (0, 3)
    );
    bench.get(&saved.record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
}

/// Calls before which another writer may finish the version: the manifest is created, or sent.
const TOO_LATE: [Call; 2] = [Call::CreateManifest, Call::UploadManifest];

/// Holds a part back while another writer finishes the version.
async fn overtaken(bench: &Workbench, by: &str, at: Call) -> Result<PartialVersion, FlowError> {
    let (flow, _) = Script::new(move |call, _| {
        if *call == at {
            Act::Delay(Duration::from_millis(700))
        } else {
            Act::Pass
        }
    })
    .play(bench);
    let (late, finished) = tokio::join!(share(&flow, bench), async {
        tokio::time::sleep(Duration::from_millis(350)).await;
        finish(bench, by).await
    });
    assert_eq!(finished.record.file_count, 1);
    late
}

#[tokio::test]
async fn a_share_that_comes_too_late_says_so_and_may_begin_the_next_version() {
    for at in TOO_LATE {
        let bench = bench();
        let refused = overtaken(&bench, "a", at).await.unwrap_err();
        let FlowError::FinishedMeanwhile { version } = &refused else {
            panic!("{refused}");
        };
        assert!(version.ends_with(":v0"), "{version}");
        let (flow, _) = Script::plain().play(&bench);
        share(&flow, &bench).await.unwrap();
        let saved = finish(&bench, "a").await;
        assert_eq!(
            (saved.record.version.get(), saved.record.file_count),
            (1, 3)
        );
    }
}

#[tokio::test]
async fn a_share_that_comes_too_late_and_is_in_the_version_is_as_good() {
    for at in TOO_LATE {
        let bench = Workbench::new();
        bench.write("a", b"a");
        let late = overtaken(&bench, "a", at).await.unwrap();
        let prepared = prepared(&bench.flow, bench.draft()).await.unwrap();
        assert_eq!(late.digest, prepared.digest);
        let registry = &bench.flow.registry;
        let found = registry.artifact(&late.artifact.into()).await.unwrap();
        assert_eq!(found.file_count, 1);
    }
}
