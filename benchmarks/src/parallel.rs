//! Many processes that write one version: over one embedded store, and over one server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::data::{DataSet, Scratch};
use super::server::process::{KEY, PROJECT, ServerProcess, USER};
use xtask::process::output;

/// Number of files of each writer.
const PARTS: u64 = 100;
const PART_BYTES: u64 = 4096;

/// Times of one number of writers.
struct Row {
    writers: u64,
    /// From the start of the first writer to the end of the last.
    writing: Duration,
    finishing: Duration,
}

/// Measures growing numbers of writers on both targets, and prints a table.
pub(super) fn measure(program: &Path, scratch: &Scratch, is_quick: bool) -> Result<()> {
    let writers: &[u64] = if is_quick { &[1, 8] } else { &[1, 8, 64] };
    let most = writers.iter().copied().max().unwrap_or(1);
    let folder = scratch.folder("parallel")?;
    eprintln!("making {most} times {PARTS} parts");
    // A thousand files per folder, from which one folder for each writer is made.
    let all = DataSet::of("parts", most * PARTS, PART_BYTES).make(&folder)?;
    let shares = split(&all, &folder.join("shares"), most)?;

    let store = folder.join("store");
    let embedded = Place {
        program,
        folder: &folder,
        environment: vec![
            ("WANDB_RS_STORE", store.display().to_string()),
            ("WANDB_MODE", "offline".to_owned()),
        ],
    };
    print("one embedded store", &embedded.rows(writers, &shares)?);

    let server = ServerProcess::start(program, &folder.join("store-served"), &folder)?;
    let behind_it = Place {
        program,
        folder: &folder,
        environment: vec![
            ("WANDB_BASE_URL", format!("http://{}", server.address)),
            ("WANDB_API_KEY", KEY.to_owned()),
            ("WANDB_ENTITY", USER.to_owned()),
            ("WANDB_MODE", "online".to_owned()),
        ],
    };
    print(
        "one server on this machine",
        &behind_it.rows(writers, &shares)?,
    );
    drop(server);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

/// Gives each writer a folder with files that no other one has.
fn split(all: &Path, shares: &Path, writers: u64) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in fs::read_dir(all)? {
        for file in fs::read_dir(folder?.path())? {
            files.push(file?.path());
        }
    }
    files.sort();
    let each = usize::try_from(PARTS)?;
    ensure!(files.len() as u64 == writers * PARTS, "files are missing");
    files
        .chunks(each)
        .enumerate()
        .map(|(writer, files)| {
            let share = shares.join(writer.to_string());
            let folder = share.join(format!("writer-{writer}"));
            fs::create_dir_all(&folder)?;
            for file in files {
                fs::rename(file, folder.join(file.file_name().unwrap_or_default()))?;
            }
            Ok(share)
        })
        .collect()
}

/// A store or a server, with the environment that selects it.
struct Place<'a> {
    program: &'a Path,
    folder: &'a Path,
    environment: Vec<(&'static str, String)>,
}

impl Place<'_> {
    fn rows(&self, writers: &[u64], shares: &[PathBuf]) -> Result<Vec<Row>> {
        let rows = writers
            .iter()
            .map(|count| self.row(&shares[..usize::try_from(*count)?]));
        rows.collect()
    }

    fn row(&self, shares: &[PathBuf]) -> Result<Row> {
        let writers = shares.len() as u64;
        // An artifact of its own, so that no content is stored already.
        let name = format!("parallel-{writers}");
        let flags = ["--name", &name, "--group", "bench", "--partial"];
        let begun = Instant::now();
        let running = shares
            .iter()
            .map(|share| {
                let mut put = self.command(&["artifact", "put"]);
                Ok(put.arg(share).args(flags).spawn()?)
            })
            .collect::<Result<Vec<Child>>>()?;
        for mut writer in running {
            ensure!(writer.wait()?.success(), "a writer failed");
        }
        let writing = begun.elapsed();
        let begun = Instant::now();
        let mut finish = self.command(&["artifact", "finish", &name, "--group", "bench"]);
        ensure!(finish.status()?.success(), "the version was not finished");
        let finishing = begun.elapsed();
        self.check(&name, shares)?;
        Ok(Row {
            writers,
            writing,
            finishing,
        })
    }

    /// Checks that the version has every part once, with its content.
    fn check(&self, name: &str, shares: &[PathBuf]) -> Result<()> {
        let mut info = self.command(&["artifact", "info", name]);
        let told: Value = serde_json::from_str(&output(info.stdout(Stdio::piped()))?)?;
        let expected = shares.len() as u64 * PARTS;
        ensure!(
            told["fileCount"] == expected,
            "{name} has {} entries, not {expected}",
            told["fileCount"]
        );
        let copy = self.folder.join("copy");
        let mut get = self.command(&["artifact", "get", name]);
        let got = get.arg("--root").arg(&copy).status()?;
        ensure!(got.success(), "{name} does not come back");
        for share in shares {
            for folder in fs::read_dir(share)? {
                let folder = folder?;
                let mut diff = Command::new("diff");
                let there = copy.join(folder.file_name());
                let differences = output(diff.arg("-rq").arg(folder.path()).arg(there))?;
                ensure!(differences.is_empty(), "{differences}");
            }
        }
        Ok(fs::remove_dir_all(copy)?)
    }

    fn command(&self, words: &[&str]) -> Command {
        let own = |name: &str| self.folder.join(name);
        let mut command = Command::new(self.program);
        command
            .args(words)
            .args(["--json", "--quiet"])
            .env_remove("WANDB_RUN_GROUP")
            .env("WANDB_PROJECT", PROJECT)
            .env("WANDB_CACHE_DIR", own("cache"))
            .env("WANDB_DATA_DIR", own("data-dir"))
            .env("WANDB_CONFIG_DIR", own("config"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

fn print(place: &str, rows: &[Row]) {
    println!("\nwriters of {PARTS} parts of {PART_BYTES} bytes each, all at once, to {place}");
    println!("  writers      parts     wall s  ms a part   finish s");
    for Row {
        writers,
        writing,
        finishing,
    } in rows
    {
        let parts = writers * PARTS;
        #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
        let each = writing.as_secs_f64() * 1e3 / parts as f64;
        println!(
            "{writers:>9}{parts:>11}{:>11.2}{each:>11.2}{:>11.2}",
            writing.as_secs_f64(),
            finishing.as_secs_f64()
        );
    }
}
