//! Logs one artifact ten times without waiting in between: the versions come in the order of the calls.
//!
//! `cargo run --example versions_in_order`
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::io::Write as _;

use serde_json::json;
use wandb_rs::{Artifact, Client};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let workspace = tempfile::tempdir()?;
    let client = Client::builder().store(workspace.path()).open()?;
    let run = client.init().start().await?;
    let mut logs = Vec::new();
    for index in 0..10 {
        let mut artifact = Artifact::new("race", "dataset")?.metadata(json!({ "index": index }))?;
        artifact.new_file("index.txt", |file| writeln!(file, "{index}"))?;
        logs.push(run.log_artifact(artifact));
    }
    for (index, log) in logs.into_iter().enumerate() {
        let logged = log.await?;
        println!("{logged} has index {}", logged.metadata.as_map()["index"]);
        assert_eq!(logged.version.get(), u32::try_from(index)?);
    }
    run.finish().await?;
    Ok(())
}
