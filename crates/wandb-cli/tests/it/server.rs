//! `wandb-rs server` as a process.

mod bench;
mod client;
mod command;
mod http;
mod kill;
#[cfg(target_os = "linux")]
mod memory;
mod stopping;
mod users;
