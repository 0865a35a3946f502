//! Benchmarks, run by `cargo xtask bench`: hash kernels, whole commands beside the official client and the machine's
//! limits, and the server under load.
//!
//! Nothing here judges a time: the output is for reading, and names the machine.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool for people"
)]

mod data;
mod downloads;
mod limit;
mod machine;
mod official;
mod ours;
mod parallel;
mod references;
mod remote;
mod server;
mod table;
mod tables;
mod usage;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use xtask::process::{cargo, run as run_command};
use xtask::{venv, workspace};

use crate::data::{DataSet, Scratch};

/// Measure kernels, commands and the server beside the official client and the machine's limits
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Args {
    #[command(subcommand)]
    measure: Option<Measure>,
    /// Smaller data sets: 5,000 files instead of 100,000, 256 MiB instead of 2 GiB; less of the server
    #[arg(long)]
    quick: bool,
    /// Run one part
    #[arg(long, value_name = "NAME")]
    only: Option<Part>,
    /// Leave out the official client, and with it the Python environment it needs
    #[arg(long)]
    without_official: bool,
    /// Measure this program instead of a build of this tree
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// A part of the benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The benchmarks of `cargo bench`
    Kernels,
    /// Commands on many files of 1 KiB
    Small,
    /// Commands on one big file
    Big,
    /// Commands that log to a server
    Remote,
    /// Commands that download from a server, beside the official client
    Downloads,
    /// Commands on objects that stay in a store
    References,
    /// Many commands that write one version, to a store and to a server
    Parallel,
    /// The server, under the official client's load and our own
    Server,
    /// Tables of a million rows
    Tables,
}

#[derive(Debug, clap::Subcommand)]
enum Measure {
    /// Run one program and write its resource usage to a file
    #[command(hide = true)]
    Measure(usage::Args),
}

fn main() -> ExitCode {
    let args = Args::parse();
    let result = workspace::enter().and_then(|()| match &args.measure {
        Some(Measure::Measure(measure)) => usage::run(measure),
        None => run(&args),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let chosen = |part| args.only.is_none_or(|only| only == part);
    if chosen(Part::Kernels) {
        run_command(&mut cargo(["bench", "--workspace", "--bench", "*"]))?;
    }
    let sets = [
        (
            Part::Small,
            DataSet::small(if args.quick { 5_000 } else { 100_000 }),
        ),
        (
            Part::Big,
            DataSet::big(if args.quick { 256 << 20 } else { 2 << 30 }),
        ),
    ];
    let sets: Vec<_> = sets.into_iter().filter(|(part, _)| chosen(*part)).collect();
    let others = [
        Part::Remote,
        Part::Downloads,
        Part::References,
        Part::Parallel,
        Part::Server,
    ];
    let needs_program = !sets.is_empty() || others.into_iter().any(chosen);
    if !needs_program && !chosen(Part::Tables) {
        return Ok(());
    }
    let python = if args.without_official || args.only == Some(Part::Parallel) {
        None
    } else {
        Some(venv::NEWEST.python()?)
    };
    let scratch = Scratch::new()?;
    machine::print()?;
    if chosen(Part::Tables) {
        tables::measure(python.as_deref(), &scratch, args.quick)?;
    }
    if !needs_program {
        return Ok(());
    }
    let program = match &args.program {
        Some(program) => program.clone(),
        None => ours::build()?,
    };
    for (_, set) in sets {
        let folder = scratch.folder(set.name())?;
        eprintln!("making {set}");
        let data = set.make(&folder)?;
        let mut rows = ours::measure(&program, &data, &folder)?;
        if let Some(python) = &python {
            rows.push(official::measure(python, &data, &folder)?);
        }
        let limit = limit::measure(&data, &folder)?;
        table::print(&set, &rows, &limit);
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    if chosen(Part::Remote) {
        remote::measure(&program, python.as_deref(), &scratch, args.quick)?;
    }
    if chosen(Part::Downloads) {
        downloads::measure(&program, python.as_deref(), &scratch, args.quick)?;
    }
    if chosen(Part::References) {
        references::measure(&program, python.as_deref(), &scratch, args.quick)?;
    }
    if chosen(Part::Parallel) {
        parallel::measure(&program, &scratch, args.quick)?;
    }
    if chosen(Part::Server) {
        let amounts = server::Amounts::new(args.quick);
        server::measure(&program, python.as_deref(), &scratch, amounts)?;
    }
    Ok(())
}
