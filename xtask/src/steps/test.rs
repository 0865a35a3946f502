//! `test` and `doctest`.

use std::process::Command;

use anyhow::Result;

use crate::interop;
use xtask::process::{self, cargo, succeeds};
use xtask::stores;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Arguments for the test runner, which then runs alone, without doctests, the official client and stores: a
    /// filter, `-p CRATE`, …
    #[arg(last = true)]
    runner: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // The runner last, so that the output ends with its summary of most tests.
    if args.runner.is_empty() {
        doctests()?;
        interop::tests(&[])?;
        stores::tests(&[])?;
    }
    tests(&args.runner)
}

pub(super) fn doctests() -> Result<()> {
    process::run(without_settings(&mut cargo([
        "test",
        "--workspace",
        "--doc",
    ])))
}

pub(super) fn tests(arguments: &[String]) -> Result<()> {
    let runner: &[&str] = if succeeds(&mut cargo(["nextest", "--version"])) {
        &["nextest", "run"]
    } else {
        &["test", "--tests"]
    };
    let mut command = cargo(runner);
    if !chooses_package(arguments) {
        command.arg("--workspace");
    }
    process::run(without_settings(&mut command).args(arguments))
}

fn chooses_package(arguments: &[String]) -> bool {
    arguments
        .iter()
        .any(|a| a.starts_with("-p") || a.starts_with("--package"))
}

/// Removes the caller's own settings, so that the tests see the same on every machine.
fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WANDB") {
            command.env_remove(name);
        }
    }
    command
}
