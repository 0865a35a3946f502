//! References to objects of S3 servers on loopback: our program and the official client, both offline.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::data::Scratch;
use super::official;
use super::usage::{self, Usage};
use xtask::process::output;
use xtask::stores::{SERVERS, Stores};

/// One command and its resource usage.
struct Row {
    label: &'static str,
    usage: Usage,
}

/// A bucket with its server and credentials.
struct Bucket {
    name: &'static str,
    server: &'static str,
    access_key: &'static str,
    secret_key: &'static str,
    is_versioned: bool,
}

/// `MOTO` lists plain buckets quickly, and copies the whole bucket for every page of versions. `SWIFT` is used in
/// production, and slow to fill.
const BUCKETS: [Bucket; 3] = [
    Bucket {
        name: "plain",
        server: "MOTO",
        access_key: "bench",
        secret_key: "bench",
        is_versioned: false,
    },
    Bucket {
        name: "versioned",
        server: "MOTO",
        access_key: "bench",
        secret_key: "bench",
        is_versioned: true,
    },
    Bucket {
        name: "versioned",
        server: "SWIFT",
        access_key: "test:tester",
        secret_key: "testing",
        is_versioned: true,
    },
];

/// Measures both clients on buckets without and with versions, and prints tables.
pub(super) fn measure(
    program: &Path,
    python: Option<&Path>,
    scratch: &Scratch,
    is_quick: bool,
) -> Result<()> {
    let objects = if is_quick { 1_000 } else { 10_000 };
    let stores = Stores::start(&["MOTO", "SWIFT"])?;
    for bucket in &BUCKETS {
        let Bucket { name, server, .. } = bucket;
        eprintln!("making {objects} objects in the bucket {name} of {server}");
        let folder = scratch.folder(&format!("references/{server}-{name}"))?;
        let bench = Bench {
            program,
            endpoint: stores.url(server)?,
            bucket,
            folder: &folder,
            uri: format!("s3://{name}/data"),
            objects,
        };
        bench.fill()?;
        let mut rows = bench.ours()?;
        if let Some(python) = python {
            rows.push(bench.theirs(python)?);
        }
        print(bucket, objects, &rows);
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

struct Bench<'a> {
    program: &'a Path,
    endpoint: &'a str,
    bucket: &'a Bucket,
    folder: &'a Path,
    uri: String,
    objects: u64,
}

impl Bench<'_> {
    fn fill(&self) -> Result<()> {
        let mut command = Command::new(SERVERS.python()?);
        command
            .args(["-B", "compat/bench_references.py"])
            .args(["--endpoint", self.endpoint, "--bucket", self.bucket.name])
            .args(["--objects", &self.objects.to_string()])
            .envs(self.environment());
        if self.bucket.is_versioned {
            command.arg("--versioned");
        }
        output(&mut command).map(drop)
    }

    /// Returns the environment of both clients.
    fn environment(&self) -> [(&'static str, OsString); 4] {
        [
            // The official client reads the first, and the AWS SDKs the second.
            ("AWS_S3_ENDPOINT_URL", self.endpoint.into()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", self.bucket.access_key.into()),
            ("AWS_SECRET_ACCESS_KEY", self.bucket.secret_key.into()),
        ]
    }

    /// Logs the prefix, checks its references, and downloads it twice: from the store, and from the cache.
    fn ours(&self) -> Result<Vec<Row>> {
        let copy = self.folder.join("copy");
        let put = ["put", &self.uri, "--name", "bench"].map(OsString::from);
        let get = ["get", "bench", "--root"].map(OsString::from);
        let get = get.into_iter().chain([copy.clone().into()]);
        let get: Vec<_> = get.collect();
        let check = ["refs", "check", "bench"].map(OsString::from);
        let mut rows = vec![
            self.row("wandb-rs put", &put)?,
            self.row("wandb-rs refs check", &check)?,
            self.row("wandb-rs get", &get)?,
        ];
        self.look(&copy)?;
        fs::remove_dir_all(&copy)?;
        rows.push(self.row("wandb-rs get, cached", &get)?);
        Ok(rows)
    }

    /// Checks that all files were downloaded.
    fn look(&self, copy: &Path) -> Result<()> {
        let files = output(Command::new("find").arg(copy).args(["-name", "*.bin"]))?;
        let count = files.lines().count() as u64;
        ensure!(
            count == self.objects,
            "{count} files came of {}",
            self.objects
        );
        Ok(())
    }

    fn row(&self, label: &'static str, arguments: &[OsString]) -> Result<Row> {
        let mut all: Vec<OsString> = vec!["artifact".into()];
        all.extend_from_slice(arguments);
        all.extend(["--json".into(), "--quiet".into()]);
        let own = |name: &str| OsString::from(self.folder.join(name));
        let mut environment = self.environment().to_vec();
        environment.extend([
            ("WANDB_MODE", "offline".into()),
            ("WANDB_RS_STORE", own("store")),
            ("WANDB_CACHE_DIR", own("cache")),
            ("WANDB_CONFIG_DIR", own("config")),
        ]);
        let report = self.folder.join("usage.txt");
        let usage = usage::of_with(self.program, &all, &environment, &report)?;
        Ok(Row { label, usage })
    }

    fn theirs(&self, python: &Path) -> Result<Row> {
        let report = self.folder.join("official.json");
        let data = self.folder.join("none");
        fs::create_dir_all(&data)?;
        let mut command = Command::new(python);
        command
            .args(["-B", "compat/bench_official.py", "--uri", &self.uri])
            .arg("--data")
            .arg(&data)
            .arg("--scratch")
            .arg(self.folder)
            .arg("--report")
            .arg(&report)
            .envs(self.environment());
        output(&mut command)?;
        let said: Value = serde_json::from_str(&fs::read_to_string(&report)?)?;
        let entries = said["runs"][0]["artifact"]["entries"].as_u64();
        ensure!(
            entries == Some(self.objects),
            "the official client found {entries:?} of {} objects",
            self.objects
        );
        Ok(Row {
            label: "official client, offline",
            usage: official::read(&report)?,
        })
    }
}

fn print(bucket: &Bucket, objects: u64, rows: &[Row]) {
    let Bucket { name, server, .. } = bucket;
    println!("\n{objects} objects below a prefix of a {name} bucket of {server}, on this machine");
    println!("                                 wall s      CPU s   peak MiB");
    for Row { label, usage } in rows {
        println!(
            "  {label:<26}{:>11.3}{:>11.2}{:>11}",
            usage.wall.as_secs_f64(),
            usage.cpu.as_secs_f64(),
            usage.peak_kib.div_ceil(1024),
        );
    }
}
