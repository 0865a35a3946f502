//! The server process, with its start-up time, CPU time and memory.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::http::{Connection, Request};
use super::load::milliseconds;

/// The account of all requests, and the entity of all artifacts.
pub(crate) const USER: &str = "bench";
pub(crate) const PROJECT: &str = "bench";
/// Nothing is secret here: the server listens on loopback, and its store is removed at the end.
pub(crate) const KEY: &str = "local-bench0123456789abcdef0123456789abcdef01234567";

/// A server that runs until it is dropped.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) address: String,
    pub(crate) authorization: String,
    /// Time from the start of the process to its first response.
    pub(crate) until_ready: Duration,
}

impl ServerProcess {
    /// Starts the server over `store`, with its log in a file, because logging is part of its work.
    pub(crate) fn start(program: &Path, store: &Path, folder: &Path) -> Result<Self> {
        let log = folder.join("server.log");
        let log = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(["server", "--listen", "127.0.0.1:0", "--json"])
            .args(["--bootstrap-user", USER, "--bootstrap-key", KEY, "--store"])
            .arg(store)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut line = String::new();
        let output = child.stdout.take().context("the server has no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line).context("the server did not start")?;
        let url = ready["url"].as_str().context("the server named no URL")?;
        let mut server = Self {
            address: url.trim_start_matches("http://").to_owned(),
            authorization: format!("Basic {}", BASE64.encode(format!("api:{KEY}"))),
            child,
            until_ready: Duration::ZERO,
        };
        Connection::open(&server.address)?.fetch(&Request {
            method: "GET",
            target: "/healthz",
            authorization: None,
        })?;
        server.until_ready = started.elapsed();
        Ok(server)
    }

    /// Returns the path and query of one of the server's URLs.
    pub(crate) fn target(url: &str) -> Result<&str> {
        let rest = url.strip_prefix("http://").context("not a plain URL")?;
        Ok(&rest[rest.find('/').context("a URL without a path")?..])
    }

    /// Returns the CPU time that the server has used until now.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        /// The unit of `/proc/…/stat`, on every Linux system.
        const TICKS_PER_SECOND: u64 = 100;

        let stat = self.proc("stat")?;
        // The program name in parentheses may contain anything.
        let (_, fields) = stat.rsplit_once(')').context("no stat")?;
        let field = |number: usize| fields.split_whitespace().nth(number)?.parse::<u64>().ok();
        let ticks = field(11).zip(field(12)).context("no CPU time")?;
        Ok(Duration::from_millis(
            (ticks.0 + ticks.1) * 1000 / TICKS_PER_SECOND,
        ))
    }

    /// Resets the peak memory.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")
            .context("cannot forget the peak")
    }

    /// Returns the resident memory, in MiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        self.mebibytes("VmRSS:")
    }

    /// Returns the peak memory since [`forget_peak`](Self::forget_peak), in MiB.
    pub(crate) fn peak(&self) -> Result<u64> {
        self.mebibytes("VmHWM:")
    }

    fn mebibytes(&self, name: &str) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no such line")?.parse::<u64>()?.div_ceil(1024))
    }

    fn proc(&self, name: &str) -> Result<String> {
        let path = format!("/proc/{}/{name}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Its store is removed anyway.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Measurements of a server that has just started.
pub(super) struct Start {
    until_ready: Duration,
    memory: u64,
}

impl Start {
    pub(super) fn of(server: &ServerProcess) -> Result<Self> {
        Ok(Self {
            until_ready: server.until_ready,
            memory: server.memory()?,
        })
    }

    pub(super) fn print(&self) {
        println!(
            "  started over a new store: ready after {} ms, {} MiB",
            milliseconds(self.until_ready),
            self.memory
        );
    }
}
