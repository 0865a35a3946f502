//! Several processes write the parts of one table, and one of them finishes it: all parts are in one version, and are read
//! as one table.
//!
//! `cargo run --example parallel_writers -- 8`
//!
//! The example starts itself again, once for each writer, as a scheduler would start the tasks of a job. Set
//! `WANDB_BASE_URL` and `WANDB_API_KEY`, and the writers go to a server instead of a folder.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example tells what it does"
)]

use std::error::Error;
use std::process::{Child, Command};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wandb_rs::table::{PartitionedTable, Table};
use wandb_rs::{Artifact, Client, Settings};

const PARTS: u64 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [] => start(4),
        [writers] => start(writers.parse()?),
        [role, index] if role == "write" => write(index.parse()?),
        _ => Err("usage: parallel_writers [WRITERS]".into()),
    }
}

/// Starts the writers, shows how many are done, and finishes the version.
fn start(writers: usize) -> Result<(), Box<dyn Error>> {
    let workspace = tempfile::tempdir()?;
    let mut environment = Vec::new();
    if Settings::from_env()?.credentials()?.is_none() {
        environment.push((
            "WANDB_RS_STORE",
            workspace.path().join("store").into_os_string(),
        ));
    }
    // A name of its own, so that writers of an earlier job have no part in it.
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    environment.push(("WANDB_RUN_GROUP", format!("job-{seconds}").into()));
    let mut running = Vec::new();
    for index in 0..writers {
        let mut writer = Command::new(std::env::current_exe()?);
        writer.arg("write").arg(index.to_string());
        running.push(writer.envs(environment.iter().cloned()).spawn()?);
    }
    wait(&mut running, writers)?;

    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut builder = Client::builder();
        if let Some((_, store)) = environment
            .iter()
            .find(|(name, _)| *name == "WANDB_RS_STORE")
        {
            builder = builder.store(store);
        }
        let client = builder.open()?;
        let group = format!("job-{seconds}");
        let run = client
            .init()
            .group(group)
            .job_type("finish")
            .start()
            .await?;
        let mut whole = Artifact::new("parallel", "dataset")?;
        whole.add(&PartitionedTable::new("parts"), "whole")?;
        let version = run.finish_artifact(whole).await?;
        run.finish().await?;

        let table = version.get("whole").await?.into_partitioned();
        let table = table.ok_or("it is partitioned")?;
        let mut rows = 0;
        for row in table.reader().await?.rows::<(u64, u64, u64)>() {
            let (writer, part, both) = row?;
            assert_eq!(both, writer * PARTS + part);
            rows += 1;
        }
        println!("{version} has {rows} rows from {writers} writers");
        assert_eq!(rows, writers as u64 * PARTS);
        Ok(())
    })
}

/// Waits for all writers, with a bar that grows.
fn wait(running: &mut Vec<Child>, writers: usize) -> Result<(), Box<dyn Error>> {
    while !running.is_empty() {
        let mut still = Vec::new();
        for mut writer in running.drain(..) {
            match writer.try_wait()? {
                Some(status) if !status.success() => return Err("a writer failed".into()),
                Some(_) => {}
                None => still.push(writer),
            }
        }
        *running = still;
        let done = writers - running.len();
        eprint!(
            "\r[{:<writers$}] {done}/{writers} writers",
            "=".repeat(done)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    eprintln!();
    Ok(())
}

/// Runs one writer, which logs its part of the artifact under its own paths.
#[tokio::main]
async fn write(index: u64) -> Result<(), Box<dyn Error>> {
    // The store or the server, and the group, are in the environment.
    let run = wandb_rs::init().job_type("write").start().await?;
    let mut share = Artifact::new("parallel", "dataset")?;
    for part in 0..PARTS {
        let mut table = Table::new(["writer", "part", "both"])?;
        table.add_data([index.into(), part.into(), (index * PARTS + part).into()])?;
        share.add(&table, format!("parts/table_{index}_{part}"))?;
    }
    run.upsert_artifact(share).await?;
    Ok(run.finish().await?)
}
