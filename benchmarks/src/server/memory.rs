//! Start-up time and idle memory of the server.

use std::time::Duration;

use anyhow::Result;

use super::process::ServerProcess;
use super::report::milliseconds;

/// Measurements of a server that has just started.
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
