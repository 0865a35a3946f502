//! A store, and the command that serves it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wandb-rs");

/// The key of the user that servers are started with.
pub(super) const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789abcdefgh";

/// A folder with a store, and the command over it.
pub(super) struct Bench {
    folder: TempDir,
}

/// A server that runs; dropped, it is killed.
pub(super) struct Serving {
    pub(super) child: Child,
    /// The line that it printed once it was ready.
    pub(super) ready: Value,
    pub(super) started_in: Duration,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Returns the command with these arguments, free of the caller's settings.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("WANDB_RS_STORE", self.store())
            .env("WANDB_ENTITY", "ann")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .args(arguments);
        command
    }

    /// Runs a command that must succeed; returns what it prints.
    pub(super) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            errors(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a server with the user `ann`, and waits until it is ready.
    pub(super) fn serve(&self, listen: &str) -> Serving {
        self.serve_with(&[
            "--listen",
            listen,
            "--bootstrap-user",
            "ann",
            "--bootstrap-key",
            KEY,
        ])
    }

    pub(super) fn serve_with(&self, arguments: &[&str]) -> Serving {
        let mut command = self.command(&["server", "--json"]);
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let began = Instant::now();
        let mut child = command.args(arguments).stderr(log).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let started_in = began.elapsed();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}{}", self.log()));
        Serving {
            child,
            ready,
            started_in,
        }
    }

    /// Returns the log of the last server.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Serving {
    pub(super) fn url(&self) -> String {
        self.ready["url"].as_str().unwrap().to_owned()
    }

    pub(super) fn address(&self) -> String {
        self.url().strip_prefix("http://").unwrap().to_owned()
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM.
    pub(super) fn tell_to_stop(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until it has ended by itself; returns the exit code, and what else it printed.
    pub(super) fn end(&mut self) -> (Option<i32>, String) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < Duration::from_mins(1), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut rest = String::new();
        let stdout = self.child.stdout.as_mut().unwrap();
        stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
