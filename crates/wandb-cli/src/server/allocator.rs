//! The number of arenas of the C library's allocator.
//!
//! glibc creates an arena per thread, up to eight per core, and rarely returns memory that one needed for a moment. A
//! server whose threads take turns at large responses used three times the memory that it does with two arenas, and was
//! no faster.

/// Replaces this process by one with two arenas: glibc reads their number from the environment when a process starts.
/// Does nothing where the variable is set already, or the system refuses.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn limit_arenas() {
    use std::env;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    const ARENAS: &str = "MALLOC_ARENA_MAX";

    let mut arguments = env::args_os();
    let (Ok(program), Some(name), None) =
        (env::current_exe(), arguments.next(), env::var_os(ARENAS))
    else {
        return;
    };
    let mut again = Command::new(program);
    again.arg0(name).args(arguments).env(ARENAS, "2");
    // Returns only on failure: then the server uses more memory.
    let _ = again.exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) const fn limit_arenas() {}
