//! Checks and tests of this workspace: `cargo xtask --help`.
#![expect(
    clippy::print_stderr,
    reason = "a command-line tool for people and CI logs"
)]

mod bench;
mod ci;
mod golden;
mod interop;
mod programs;
mod steps;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask::{stores, workspace};

use crate::steps::Step;

/// Checks and tests of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Run every check; stop at the first that fails
    Ci(ci::Args),
    /// Run the doctests, the official client against our server, the resolvers against stores, then all other tests
    /// (cargo-nextest if there)
    Test(steps::test::Args),
    #[command(flatten)]
    Step(Step),
    /// Measure kernels, commands and the server beside the official client and the machine's limits
    Bench(bench::Args),
    /// Compute the golden test vectors with the official client again
    Golden(golden::Args),
    /// Run the official client against our server, in every flow that it has
    Interop(interop::Args),
    /// Run the resolvers against stores on loopback: S3, Google's, Azure's, and a web server
    Stores(stores::Args),
}

fn main() -> ExitCode {
    match run(Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    workspace::enter()?;
    match task {
        Task::Ci(args) => ci::run(&args),
        Task::Test(args) => steps::test::run(&args),
        Task::Step(step) => step.run(),
        Task::Bench(args) => bench::run(&args),
        Task::Golden(args) => golden::run(&args),
        Task::Interop(args) => interop::run(&args),
        Task::Stores(args) => stores::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Task;

    #[test]
    fn command_line_is_consistent() {
        Task::command().debug_assert();
    }
}
