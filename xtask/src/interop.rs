//! `cargo xtask interop`: the unmodified official client against our server.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::programs::Programs;
use xtask::process;
use xtask::venv::{NEWEST, OLDEST, Venv};

/// Marker of the tests that the oldest client runs too; others test later features.
const FOR_EVERY_CLIENT: &str = "every_client";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Arguments for pytest: `-k NAME`, `-x`, …
    #[arg(last = true)]
    runner: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    tests(&args.runner)
}

pub(crate) fn tests(arguments: &[String]) -> Result<()> {
    // The examples whose runs and tables are read are built beside it.
    let binary = Programs::build()?.command("wandb-rs");
    with_client(&NEWEST, &binary, &[], arguments)?;
    with_client(&OLDEST, &binary, &["-m", FOR_EVERY_CLIENT], arguments)
}

fn with_client(
    client: &Venv,
    binary: &Path,
    selection: &[&str],
    arguments: &[String],
) -> Result<()> {
    let mut command = Command::new(client.python()?);
    // No files are left beside the sources, and a test that hangs is named.
    command
        .args(["-B", "-m", "pytest", "-c", "compat/interop/pytest.ini"])
        .args(selection)
        .args(arguments)
        .env("WANDB_RS", binary);
    let status = process::run(&mut command);
    status.with_context(|| format!("our server fails {}", client.client()))
}
