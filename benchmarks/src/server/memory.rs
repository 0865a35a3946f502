//! How soon the server is there, and how much memory it takes.

use std::time::Duration;

use anyhow::Result;

use super::process::ServerProcess;
use super::report::milliseconds;

/// A server that has just started, and was asked nothing but whether it is there.
pub(super) struct Start {
    until_ready: Duration,
    memory: u64,
}

impl Start {
    pub(super) fn of(server: &ServerProcess) -> Result<Self> {
        Ok(Self {
            until_ready: server.until_ready,
            memory: server.memory()?,
        })
    }

    pub(super) fn print(&self) {
        println!(
            "  started over a new store: ready after {} ms, {} MiB",
            milliseconds(self.until_ready),
            self.memory
        );
    }
}
