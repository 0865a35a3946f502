//! The library and the command, from files on a disk to versions and back.
#![expect(clippy::unwrap_used, reason = "test code")]

#[cfg(all(unix, feature = "cli"))]
mod cli;
mod clients;
mod drafting;
mod drafts;
#[cfg(all(unix, feature = "cli"))]
mod faults;
#[cfg(feature = "file")]
mod golden;
mod labels;
mod logging;
#[cfg(feature = "file")]
mod mission;
mod reading;
mod resolvers;
#[cfg(all(unix, feature = "server"))]
mod server;
mod tables;
mod tree;
mod without_async;
