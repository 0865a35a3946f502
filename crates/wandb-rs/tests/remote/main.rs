//! Our client against our server, over the wire.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "test code")]

mod conformance;
mod gate;
mod runs;
mod server;
