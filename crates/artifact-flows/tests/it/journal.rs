//! Saves to a registry elsewhere that are interrupted, and continued by the next run.

mod continued;
mod file;

use std::path::PathBuf;

use artifact_flows::{Flow, FlowError, Saved};

use crate::script::{Act, Call, Script};
use crate::workbench::{Workbench, assert_same_tree, bytes, log, tree};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn bench() -> Workbench {
    let bench = Workbench::new();
    for (index, name) in NAMES.iter().enumerate() {
        bench.write(name, &bytes(index as u64, 1_000 * (index + 1)));
    }
    bench
}

fn journals(bench: &Workbench) -> Vec<PathBuf> {
    tree(&bench.path("journals")).into_keys().collect()
}

/// Returns the names that are not among `taken`.
fn others(taken: &[String]) -> Vec<String> {
    let names = NAMES.iter().map(|name| (*name).to_owned());
    names.filter(|name| !taken.contains(name)).collect()
}

/// Saves, and kills it when it hangs. By then all that does not hang has been noted.
async fn until_stuck(
    flow: &Flow,
    bench: &Workbench,
    script: &Script,
) -> Option<Result<Saved, FlowError>> {
    tokio::select! {
        saved = log(flow, bench.draft()) => Some(saved),
        () = script.stuck() => None,
    }
}

/// Saves until `script` interrupts it, and returns what the registry confirmed.
async fn interrupted(bench: &Workbench, script: Script) -> Vec<String> {
    let (flow, script) = script.play(bench);
    let ended = until_stuck(&flow, bench, &script).await;
    assert!(!matches!(ended, Some(Ok(_))), "it was not interrupted");
    script.uploaded()
}

/// Lets the upload of `c` fail, and returns what the registry confirmed.
async fn without_c(bench: &Workbench) -> Vec<String> {
    interrupted(
        bench,
        Script::new(|call, _| match call {
            Call::Upload(name) if name == "c" => Act::Fail,
            _ => Act::Pass,
        }),
    )
    .await
}

async fn assert_one_version(bench: &Workbench, saved: &Saved) {
    let versions = bench.versions().await;
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].id, saved.record.id);
    bench.get(&saved.record).await.unwrap();
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    assert_eq!(journals(bench), Vec::<PathBuf>::new(), "a journal was left");
}
