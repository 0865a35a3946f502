//! The library and the command, from files on a disk to versions and back.
#![expect(clippy::unwrap_used, reason = "test code")]

#[cfg(all(unix, feature = "cli"))]
mod cli;
#[cfg(all(unix, feature = "cli"))]
mod faults;
#[cfg(feature = "file")]
mod golden;
mod library;
#[cfg(feature = "file")]
mod mission;
#[cfg(all(unix, feature = "server"))]
mod server;
mod tree;
