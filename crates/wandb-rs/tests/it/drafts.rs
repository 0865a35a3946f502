//! Artifacts that tests begin with, and what tests read of versions.

use std::io::Write as _;

use serde_json::json;
use wandb_rs::{Alias, Artifact};

/// Returns an artifact that holds nothing yet.
pub(crate) fn artifact() -> Artifact {
    Artifact::new("a", "dataset").unwrap()
}

/// Returns an artifact of one file and some metadata.
pub(crate) fn numbered(name: &str, index: usize, bytes: &[u8]) -> Artifact {
    let artifact = Artifact::new(name, "dataset").unwrap();
    let mut artifact = artifact.metadata(json!({"index": index})).unwrap();
    artifact
        .new_file("f", |file| file.write_all(bytes))
        .unwrap();
    artifact
}

/// Returns the paths that an artifact holds.
pub(crate) fn paths(artifact: &Artifact) -> Vec<&str> {
    artifact.paths().collect()
}

/// Returns aliases.
pub(crate) fn aliases<const N: usize>(texts: [&str; N]) -> [Alias; N] {
    texts.map(|text| text.parse().unwrap())
}

/// Returns values as people read them.
pub(crate) fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// Returns the ids of runs.
pub(crate) fn run_ids(runs: impl IntoIterator<Item = wandb_rs::records::Run>) -> Vec<String> {
    runs.into_iter().map(|run| run.address.id.into()).collect()
}
