//! `cargo xtask bench`: builds and runs the crate `benchmarks`.

use std::ffi::OsString;

use anyhow::Result;
use xtask::process::{self, cargo};

#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Arguments for the benchmarks: `--quick`, `--only NAME`, `--help`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = cargo([
        "run",
        "--quiet",
        "--release",
        "--package",
        "benchmarks",
        "--",
    ]);
    process::run(command.args(&args.arguments))
}
