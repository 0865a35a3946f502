//! The origin of a run: program and host.

use std::path::Path;

/// Returns the name of the program that is running.
pub(super) fn program() -> Option<String> {
    let program = std::env::args_os().next()?;
    Some(Path::new(&program).to_string_lossy().into_owned())
}

/// Returns the name of this machine.
#[cfg(unix)]
pub(super) fn host() -> Option<String> {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    (!name.is_empty()).then(|| name.into_owned())
}

/// Returns the name of this machine.
#[cfg(not(unix))]
pub(super) fn host() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
