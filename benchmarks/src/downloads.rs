//! Downloads from a server: our program and the official client, from the same server in one run.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::data::{DataSet, Scratch};
use super::official;
use super::server::process::{KEY, PROJECT, ServerProcess, USER};
use super::server::writer;
use super::usage::{self, Usage};
use xtask::process::output;

/// One operation, and the resource usage of both clients.
struct Row {
    what: &'static str,
    ours: Usage,
    theirs: Option<Usage>,
}

/// Sizes of the data sets.
struct Amounts {
    files: u64,
    big: u64,
    artifacts: u64,
    versions: u64,
}

/// Measures both clients and prints a table.
pub(super) fn measure(
    program: &Path,
    python: Option<&Path>,
    scratch: &Scratch,
    is_quick: bool,
) -> Result<()> {
    let amounts = if is_quick {
        Amounts {
            files: 1_000,
            big: 256 << 20,
            artifacts: 30,
            versions: 1_000,
        }
    } else {
        Amounts {
            files: 10_000,
            big: 2 << 30,
            artifacts: 300,
            versions: 10_000,
        }
    };
    let folder = scratch.folder("downloads")?;
    let server = ServerProcess::start(program, &folder.join("store"), &folder)?;
    let bench = Bench {
        program,
        python,
        folder: &folder,
        server: &server,
        caches: Cell::new(0),
    };
    let mut rows = Vec::new();
    let small = DataSet::of("small", amounts.files, 4096);
    eprintln!("logging {small}");
    bench.log(&small, "small")?;
    for what in ["small files, cold", "the same, cached"] {
        rows.push(bench.both(what, &["small:v0"])?);
    }
    rows.push(bench.in_place("the same, in place", "the same, cached", "small:v0")?);
    let big = DataSet::of("big", 1, amounts.big);
    eprintln!("logging {big}");
    bench.log(&big, "big")?;
    bench.forget();
    rows.push(bench.both("one large file, cold", &["big:v0"])?);
    bench.forget();
    eprintln!("logging {} artifacts", amounts.artifacts);
    let many = bench.log_many(amounts.artifacts)?;
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    rows.push(bench.both("many artifacts, cold", &many)?);
    eprintln!("making {} versions", amounts.versions);
    writer::make_versions(&server, "listed", amounts.versions)?;
    rows.push(bench.list("versions listed", "listed", amounts.versions)?);
    print(&amounts, &rows);
    drop(server);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

struct Bench<'a> {
    program: &'a Path,
    python: Option<&'a Path>,
    folder: &'a Path,
    server: &'a ServerProcess,
    /// Number of caches that are no longer used.
    caches: Cell<u32>,
}

impl Bench<'_> {
    fn environment(&self, whose: &str) -> Vec<(&'static str, OsString)> {
        let own = |name: &str| OsString::from(self.folder.join(whose).join(name));
        vec![
            (
                "WANDB_BASE_URL",
                format!("http://{}", self.server.address).into(),
            ),
            ("WANDB_API_KEY", KEY.into()),
            ("WANDB_ENTITY", USER.into()),
            ("WANDB_PROJECT", PROJECT.into()),
            ("WANDB_MODE", "online".into()),
            ("WANDB_SILENT", "true".into()),
            ("WANDB_ERROR_REPORTING", "false".into()),
            ("HOME", own("home")),
            ("WANDB_DIR", own("home")),
            (
                "WANDB_CACHE_DIR",
                own(&format!("cache-{}", self.caches.get())),
            ),
            ("WANDB_DATA_DIR", own("data-dir")),
            ("WANDB_CONFIG_DIR", own("config")),
        ]
    }

    /// Runs our program.
    fn ours(&self, arguments: &[OsString]) -> Result<Usage> {
        let mut all: Vec<OsString> = vec!["artifact".into()];
        all.extend_from_slice(arguments);
        all.extend(["--json".into(), "--quiet".into()]);
        let report = self.folder.join("usage.txt");
        fs::create_dir_all(self.folder.join("ours/home"))?;
        usage::of_with(self.program, &all, &self.environment("ours"), &report)
    }

    /// Runs the official client, if it is installed.
    fn theirs(&self, arguments: &[OsString]) -> Result<Option<Usage>> {
        let Some(python) = self.python else {
            return Ok(None);
        };
        fs::create_dir_all(self.folder.join("theirs/home"))?;
        let report: PathBuf = self.folder.join("official.json");
        let mut command = Command::new(python);
        command
            .arg("compat/bench_official_downloads.py")
            .arg("--report")
            .arg(&report)
            .args(arguments)
            .envs(self.environment("theirs"));
        output(&mut command)?;
        official::read(&report).map(Some)
    }

    fn log(&self, set: &DataSet, name: &str) -> Result<()> {
        let data = set.make(&self.folder.join("logged").join(name))?;
        self.put(&data, name)
    }

    fn put(&self, data: &Path, name: &str) -> Result<()> {
        self.ours(&["put".into(), data.into(), "--name".into(), name.into()])?;
        Ok(())
    }

    fn log_many(&self, count: u64) -> Result<Vec<String>> {
        let mut addresses = Vec::new();
        for number in 0..count {
            let name = format!("many-{number}");
            let folder = self.folder.join("logged").join(&name);
            fs::create_dir_all(&folder)?;
            fs::write(
                folder.join("data.json"),
                format!("{{\"n\":{number}}}").repeat(100),
            )?;
            self.put(&folder, &name)?;
            addresses.push(format!("{name}:v0"));
        }
        Ok(addresses)
    }

    /// Gives both clients new caches. The old ones stay, for the same reason as the folders do.
    fn forget(&self) {
        self.caches.set(self.caches.get() + 1);
    }

    /// Downloads the versions with both clients into new folders, with their caches as they are. The folders stay:
    /// after many deletions ext4 takes long to create files.
    fn both(&self, what: &'static str, addresses: &[&str]) -> Result<Row> {
        let root = self.folder.join("got").join(what);
        self.row(what, addresses, &root)
    }

    /// Downloads a version with both clients into the folders of the row `of`, which have it already.
    fn in_place(&self, what: &'static str, of: &str, address: &str) -> Result<Row> {
        self.row(what, &[address], &self.folder.join("got").join(of))
    }

    fn row(&self, what: &'static str, addresses: &[&str], root: &Path) -> Result<Row> {
        let (ours, theirs) = (root.join("ours"), root.join("theirs"));
        let arguments = |root: &Path| {
            let mut all: Vec<OsString> = vec!["get".into()];
            all.extend(addresses.iter().map(OsString::from));
            all.extend(["--root".into(), root.into()]);
            all
        };
        let row = Row {
            what,
            ours: self.ours(&arguments(&ours))?,
            theirs: self.theirs(&arguments(&theirs))?,
        };
        if row.theirs.is_some() && addresses.len() == 1 {
            let differences = output(Command::new("diff").arg("-rq").arg(&ours).arg(&theirs))?;
            ensure!(differences.is_empty(), "they differ:\n{differences}");
        }
        Ok(row)
    }

    fn list(&self, what: &'static str, name: &str, count: u64) -> Result<Row> {
        Ok(Row {
            what,
            ours: self.ours(&["ls".into(), name.into()])?,
            theirs: self.theirs(&[
                "list".into(),
                name.into(),
                "--count".into(),
                count.to_string().into(),
            ])?,
        })
    }
}

fn print(amounts: &Amounts, rows: &[Row]) {
    println!(
        "\ndownloads from one server on this machine: {} files of 4 KiB; {} MiB; {} artifacts; {} versions",
        amounts.files,
        amounts.big >> 20,
        amounts.artifacts,
        amounts.versions
    );
    println!("                                 wall s      CPU s   peak MiB");
    for Row { what, ours, theirs } in rows {
        line(&format!("{what}: wandb-rs"), *ours);
        if let Some(theirs) = theirs {
            line("  official client", *theirs);
            let times = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
            println!("    {times:.1} times less wall time");
        }
    }
}

fn line(label: &str, usage: Usage) {
    println!(
        "  {label:<34}{:>9.3}{:>11.2}{:>11}",
        usage.wall.as_secs_f64(),
        usage.cpu.as_secs_f64(),
        usage.peak_kib.div_ceil(1024),
    );
}
