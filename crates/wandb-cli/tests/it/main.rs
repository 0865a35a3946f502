//! The command, from files on a disk to versions and back.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "test code")]

mod cli;
mod faults;
#[cfg(feature = "server")]
mod server;
#[expect(dead_code, reason = "shared with the library's tests")]
#[path = "../../../wandb-rs/tests/it/tree.rs"]
mod tree;
