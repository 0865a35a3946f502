//! Uploads to a server: our program and the official client, each to its own server over an empty store.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::data::{DataSet, Scratch};
use super::official;
use super::server::process::{KEY, PROJECT, ServerProcess, USER};
use super::usage::{self, Usage};
use xtask::process::output;

/// One command, and the resource usage of client and server.
struct Row {
    label: String,
    client: Usage,
    server_cpu: Duration,
}

/// Measures both clients on every data set, and prints tables.
pub(super) fn measure(
    program: &Path,
    python: Option<&Path>,
    scratch: &Scratch,
    is_quick: bool,
) -> Result<()> {
    let (files, big, some) = if is_quick {
        (1_000, 256 << 20, 10)
    } else {
        (10_000, 2 << 30, 100)
    };
    for set in [
        DataSet::of("tiny", 1, 1024),
        DataSet::of("small", files, 4096),
        DataSet::of("medium", some, 20 << 20),
        DataSet::of("big", 1, big),
    ] {
        eprintln!("making {set}");
        let folder = scratch.folder(&format!("remote/{}", set.name()))?;
        let data = set.make(&folder)?;
        let mut rows = ours(program, &data, &folder)?;
        if let Some(python) = python {
            rows.extend(theirs(program, python, &data, &folder)?);
        }
        print(&set, &rows);
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Logs twice, downloads into an empty folder, and again into the same one.
fn ours(program: &Path, data: &Path, folder: &Path) -> Result<Vec<Row>> {
    let server = ServerProcess::start(program, &folder.join("store-ours"), folder)?;
    let copy = folder.join("copy");
    let client = Client {
        program,
        folder,
        server: &server,
    };
    let path = Path::new;
    let put = [path("put"), data, path("--name"), path("bench")];
    let get = [path("get"), path("bench:latest"), path("--root"), &copy];
    let mut rows = vec![
        client.row("wandb-rs put", &put)?,
        client.row("wandb-rs put, unchanged", &put)?,
        client.row("wandb-rs get", &get)?,
    ];
    let differences = output(Command::new("diff").arg("-rq").arg(data).arg(&copy))?;
    ensure!(
        differences.is_empty(),
        "what came back is not what was put:\n{differences}"
    );
    rows.push(client.row("wandb-rs get, in place", &get)?);
    // Another folder: after many deletions ext4 takes long to create files.
    let again = folder.join("again");
    let get = [path("get"), path("bench:latest"), path("--root"), &again];
    rows.push(client.row("wandb-rs get, cached", &get)?);
    Ok(rows)
}

/// Our program and its server.
struct Client<'a> {
    program: &'a Path,
    folder: &'a Path,
    server: &'a ServerProcess,
}

impl Client<'_> {
    fn row(&self, label: &str, arguments: &[&Path]) -> Result<Row> {
        let mut all: Vec<OsString> = vec!["artifact".into()];
        all.extend(arguments.iter().map(OsString::from));
        all.extend(["--json".into(), "--quiet".into()]);
        let own = |name: &str| OsString::from(self.folder.join(name));
        let environment = [
            (
                "WANDB_BASE_URL",
                format!("http://{}", self.server.address).into(),
            ),
            ("WANDB_API_KEY", KEY.into()),
            ("WANDB_ENTITY", USER.into()),
            ("WANDB_PROJECT", PROJECT.into()),
            ("WANDB_MODE", "online".into()),
            ("WANDB_CACHE_DIR", own("cache")),
            ("WANDB_DATA_DIR", own("data-dir")),
            ("WANDB_CONFIG_DIR", own("config")),
        ];
        let before = self.server.cpu()?;
        let report = self.folder.join("usage.txt");
        let client = usage::of_with(self.program, &all, &environment, &report)?;
        Ok(Row {
            label: label.to_owned(),
            client,
            server_cpu: self.server.cpu()?.saturating_sub(before),
        })
    }
}

/// Logs twice with the official client.
fn theirs(program: &Path, python: &Path, data: &Path, folder: &Path) -> Result<Vec<Row>> {
    let server = ServerProcess::start(program, &folder.join("store-theirs"), folder)?;
    ["official client", "official client, unchanged"]
        .into_iter()
        .map(|label| {
            let before = server.cpu()?;
            let client = official::log_to_server(python, data, folder, &server)?;
            Ok(Row {
                label: label.to_owned(),
                client,
                server_cpu: server.cpu()?.saturating_sub(before),
            })
        })
        .collect()
}

fn print(set: &DataSet, rows: &[Row]) {
    println!("\n{set}, to a server on this machine");
    println!("                                 wall s      CPU s   peak MiB   server CPU s");
    for Row {
        label,
        client,
        server_cpu,
    } in rows
    {
        println!(
            "  {label:<26}{:>11.3}{:>11.2}{:>11}{:>15.2}",
            client.wall.as_secs_f64(),
            client.cpu.as_secs_f64(),
            client.peak_kib.div_ceil(1024),
            server_cpu.as_secs_f64(),
        );
    }
}
