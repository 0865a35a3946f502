//! Results of the official client for the same calls, from files on a disk to the digest.
//!
//! Every case of `cases.json` is replayed here but those that `manifest_level.json` lists with the reason.
mod cases;
mod recorded;
mod replay;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use artifact_core::DraftError;
use wandb_rs::{Client, Error, FlowError};

use cases::{Case, Cases, ManifestLevel, REFUSED};
use recorded::Recorded;
use replay::{Replay, chain, generate};

const CASES: &str = include_str!("../../../manifest/tests/golden/cases.json");
const MANIFEST_LEVEL: &str = include_str!("../../../manifest/tests/golden/manifest_level.json");
/// The number of cases; a test that finds fewer has lost some.
const COUNT: usize = 231;

/// The cases, those that are replayed elsewhere, and a client in a folder.
struct Fixture {
    cases: Vec<Case>,
    elsewhere: BTreeMap<String, String>,
    client: Client,
    folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let Cases { cases } = serde_json::from_str(CASES).unwrap();
    let ManifestLevel { cases: elsewhere } = serde_json::from_str(MANIFEST_LEVEL).unwrap();
    let mut recorded = Recorded::default();
    cases
        .iter()
        .filter(|case| !elsewhere.contains_key(case.base_name()))
        .flat_map(|case| &case.inputs)
        .for_each(|op| recorded.add(&op.call));
    let folder = tempfile::tempdir().unwrap();
    let recorded = Arc::new(recorded);
    let builder = Client::builder().store(folder.path().join("store"));
    let client = ["s3", "gs", "http", "https"]
        .into_iter()
        .fold(builder, |builder, scheme| {
            builder.resolver(scheme, Arc::clone(&recorded) as _)
        })
        .open()
        .unwrap();
    Fixture {
        cases,
        elsewhere,
        client,
        folder,
    }
}

#[test]
fn every_case_ends_as_the_official_clients() {
    const THREADS: usize = 4;
    let Fixture {
        cases,
        elsewhere,
        client,
        folder,
    } = fixture();
    assert_eq!(cases.len(), COUNT);
    let (listed, cases): (Vec<_>, Vec<_>) = cases
        .iter()
        .partition(|case| elsewhere.contains_key(case.base_name()));
    let names: BTreeSet<&str> = listed.iter().map(|case| case.base_name()).collect();
    assert_eq!(
        names,
        elsewhere.keys().map(String::as_str).collect(),
        "listed, but not there"
    );
    assert!(REFUSED.iter().all(|(case, ..)| !names.contains(case)));

    generate(&cases, folder.path());
    let replay_every = |first: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let mut replayed = Vec::new();
        for case in cases.iter().skip(first).step_by(THREADS) {
            let replay = Replay::new(case, &client, folder.path());
            let artifact = runtime.block_on(replay.after(case.inputs.len()));
            let prepared = runtime.block_on(client.preview(artifact));
            replay.compare(&prepared.unwrap_or_else(|e| panic!("{}: {}", case.name, chain(&e))));
            replayed.push(case.name.as_str());
        }
        replayed
    };
    let replayed: Vec<&str> = std::thread::scope(|scope| {
        let replay_every = &replay_every;
        let threads: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || replay_every(first)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let different: BTreeSet<&str> = replayed.iter().copied().collect();
    assert_eq!(different.len(), replayed.len(), "a case is there twice");
    assert_eq!(replayed.len() + listed.len(), COUNT);
}

#[tokio::test]
async fn what_could_never_be_downloaded_is_refused_when_it_is_logged() {
    let Fixture {
        cases,
        elsewhere,
        client,
        folder,
    } = fixture();
    let is_both = |case: &&Case| {
        let reason = elsewhere.get(case.base_name());
        reason.is_some_and(|reason| reason.starts_with("a file that is a folder too"))
    };
    let mut refused = 0;
    for case in cases.iter().filter(is_both) {
        let replay = Replay::new(case, &client, folder.path());
        // What is added and removed is what the official client has, up to the log.
        let artifact = replay.after(case.inputs.len()).await;
        let expected: Vec<_> = case
            .results
            .entries
            .iter()
            .map(|entry| entry["path"].clone())
            .collect();
        assert_eq!(
            artifact.paths().collect::<Vec<_>>(),
            expected,
            "{}",
            case.name
        );
        let error = client.preview(artifact).await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Flow(FlowError::Draft(DraftError::FileAndFolder { .. }))
            ),
            "{}: {error}",
            case.name
        );
        refused += 1;
    }
    assert_eq!(refused, 12);
}
