//! The server's log, on standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// Starts the log; `RUST_LOG` sets its level, one line per request by default.
pub(super) fn start(is_json: bool, is_quiet: bool) {
    let default = if is_quiet { "warn" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second log in one process would be a test's.
    let _ = if is_json {
        log.json().try_init()
    } else {
        log.with_target(false).try_init()
    };
}
