//! The `wandb-rs` command.
fn main() {}
