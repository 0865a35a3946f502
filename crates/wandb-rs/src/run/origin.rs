//! The origin of a run: program and host.

use std::path::Path;

pub(super) use settings::host_name as host;

/// Returns the name of the program that is running.
pub(super) fn program() -> Option<String> {
    let program = std::env::args_os().next()?;
    Some(Path::new(&program).to_string_lossy().into_owned())
}
