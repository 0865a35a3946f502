//! `cargo xtask golden`: the committed results of the official client, computed again.

use std::process::Command;

use anyhow::Result;

use xtask::{process, venv};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Compare with the committed results instead of rewriting them
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = Command::new(venv::NEWEST.python()?);
    command.arg("compat/golden.py");
    if args.check {
        command.arg("--check");
    }
    process::run(&mut command)
}
