//! `cargo xtask stores`: the resolvers against stores on loopback.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::process::{self, cargo};
use crate::venv::Venv;
use crate::workspace;

/// The stores that come from `PyPI`; the script installs those from npm and Debian.
pub const SERVERS: Venv = Venv::new(
    "stores-venv",
    &[
        "moto[s3]==5.2.5",
        "flask==3.1.3",
        "flask-cors==6.0.5",
        "gcp-storage-emulator==2026.7.19",
        "swift==2.38.3",
        "keystonemiddleware==13.0.1",
    ],
);

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Arguments for the tests: a filter, …
    #[arg(last = true)]
    runner: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// As [`tests`].
pub fn run(args: &Args) -> Result<()> {
    tests(&args.runner)
}

/// Installs the stores, starts them, runs the tests, and stops them.
///
/// # Errors
/// A store cannot be installed or started, or a test fails.
pub fn tests(arguments: &[String]) -> Result<()> {
    let stores = Stores::start(&[])?;
    // All in one process: most of the time is the stores', not the tests'.
    let mut command = cargo(["test", "--workspace", "--test", "stores"]);
    command
        .args(["--features", "storage-adapters/_stores", "--"])
        .args(arguments);
    for (name, url) in &stores.urls {
        command.env(format!("STORES_{name}"), url);
    }
    process::run(&mut command)
}

/// Running stores; they end when the input of their script does, so also when this task is killed.
#[derive(Debug)]
pub struct Stores {
    script: Child,
    urls: Vec<(String, String)>,
}

impl Stores {
    /// Starts these stores; all of them if none is named.
    ///
    /// # Errors
    /// The script that starts them fails.
    pub fn start(names: &[&str]) -> Result<Self> {
        let mut command = Command::new(SERVERS.python()?);
        command
            .args(["-B", "compat/stores/serve.py"])
            .arg(workspace::target()?.join("stores"))
            .args(names)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut script = command
            .spawn()
            .context("cannot start compat/stores/serve.py")?;
        let output = script.stdout.take().context("the script has no output")?;
        let mut stores = Self {
            script,
            urls: Vec::new(),
        };
        for line in BufReader::new(output).lines() {
            let line = line.context("cannot read what the script says")?;
            if line.is_empty() {
                return Ok(stores);
            }
            let (name, url) = line
                .split_once('=')
                .with_context(|| format!("not a store: {line}"))?;
            eprintln!(
                "{name}: {}",
                if url.is_empty() {
                    "not to be had on this machine"
                } else {
                    url
                }
            );
            stores.urls.push((name.to_owned(), url.to_owned()));
        }
        let status = stores.script.wait()?;
        ensure!(false, "compat/stores/serve.py failed: {status}");
        Ok(stores)
    }

    /// Returns the URL of a store.
    ///
    /// # Errors
    /// The store is not available on this machine.
    pub fn url(&self, name: &str) -> Result<&str> {
        let found = self.urls.iter().find(|(found, _)| found == name);
        let url = found
            .map(|(_, url)| url.as_str())
            .filter(|url| !url.is_empty());
        url.with_context(|| format!("{name} is not to be had on this machine"))
    }
}

impl Drop for Stores {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        if let Err(error) = self.script.wait() {
            eprintln!("warning: the stores may still run: {error}");
        }
    }
}
