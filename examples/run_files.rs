//! Lists the files of a run with their URLs, then what it logged and uses.
//!
//! `cargo run --example run_files -- entity/project/run-id` asks the server or store that the environment names. Without
//! a run it makes one in a store of its own.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use futures::TryStreamExt as _;
use wandb_rs::{Api, Artifact, Client};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (api, path) = match std::env::args().nth(1) {
        Some(path) => (Api::from_env()?, path),
        None => example(folder.path()).await?,
    };

    let run = api.run(&path).await?;
    println!("{run} is {}", run.state.as_str());
    let mut files = run.files().stream();
    while let Some(file) = files.try_next().await? {
        println!("File Name: {}", file.name);
        println!("File URL: {}", file.url);
        println!("Path to file in the bucket: {}", file.direct_url);
    }
    for artifact in run.logged_artifacts().all().await? {
        println!("logged {artifact}");
    }
    for artifact in run.used_artifacts().all().await? {
        println!("uses {artifact}");
    }
    Ok(())
}

/// Makes a run that logs an artifact and keeps a file.
async fn example(folder: &std::path::Path) -> Result<(Api, String), Box<dyn std::error::Error>> {
    std::fs::write(folder.join("notes.txt"), "it learns")?;
    let client = Client::builder()
        .store(folder.join("store"))
        .project("demo".parse()?)
        .open()?;
    let run = client.init().job_type("train").start().await?;
    let path = run.address().to_string();
    run.save_file(folder.join("notes.txt")).await?;
    let mut artifact = Artifact::new("mnist", "dataset")?;
    artifact.add_file(folder.join("notes.txt"))?;
    run.log_artifact(artifact).await?;
    run.finish().await?;
    Ok((client.api(), path))
}
