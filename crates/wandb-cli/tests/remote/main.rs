//! Our client against our server, over the wire.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "test code")]

mod api;
mod command;
mod conformance;
mod faults;
mod gate;
mod push;
mod reading;
mod references;
mod repair;
mod runs;
mod server;
mod sharing;
mod tables;
mod world;
