//! The adapters against real servers on loopback, which `cargo xtask stores` installs, starts and names.
#![expect(clippy::unwrap_used, reason = "test code")]

mod azure;
mod entries;
mod gs;
mod nginx;
mod s3;
mod servers;
