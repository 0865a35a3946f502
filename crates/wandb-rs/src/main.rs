//! The `wandb-rs` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    wandb_rs::cli::main()
}
