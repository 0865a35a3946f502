//! Where a run runs.

use std::path::Path;

use artifact_core::ports::RunOrigin;

/// Returns the machine and the program that this is.
pub(super) fn here() -> RunOrigin {
    RunOrigin {
        host: host(),
        program: std::env::args_os()
            .next()
            .map(|program| Path::new(&program).to_string_lossy().into_owned()),
    }
}

#[cfg(unix)]
fn host() -> Option<String> {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    (!name.is_empty()).then(|| name.into_owned())
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
