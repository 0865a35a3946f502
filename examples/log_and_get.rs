//! Logs a folder, gets it back, and shows that nothing was lost.
//!
//! `cargo run --example log_and_get -- FOLDER`
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use wandb_rs::{Artifact, Client};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "docs".into());
    let workspace = tempfile::tempdir()?;
    let client = Client::builder()
        .store(workspace.path().join("store"))
        .project("demo".parse()?)
        .open()?;

    let mut artifact = Artifact::new("folder", "dataset")?.description("what was in the folder");
    let count = artifact.add_dir(folder.as_str())?;
    let run = client.init().job_type("upload").start().await?;
    let logged = run.log_artifact(artifact).await?;
    run.finish().await?;
    println!("logged {count} files as {logged}, digest {}", logged.digest);

    let copy = workspace.path().join("copy");
    let fetched = logged.download().to(&copy).await?;
    let report = logged.verify(&copy).await?;
    println!(
        "placed {} files, {} of them verified",
        fetched.placed_files, report.ok
    );
    assert!(report.is_ok());
    Ok(())
}
