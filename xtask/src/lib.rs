//! Parts of the workspace's tools that the benchmarks use too: running commands, Python environments, stores on loopback.
#![expect(
    clippy::print_stderr,
    reason = "progress of command-line tools, for people and CI logs"
)]

pub mod process;
pub mod stores;
pub mod venv;
pub mod workspace;
