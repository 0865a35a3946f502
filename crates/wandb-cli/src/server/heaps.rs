//! How many heaps the allocator of the C library has.
//!
//! That of glibc makes a heap for each of many threads, up to eight for every core, and hardly ever gives back what one
//! of them needed for a moment. A server whose threads take turns at large answers came to hold three times what it does
//! with two heaps, and was no quicker.

/// Starts the server once more in this process's place, with few heaps: their number is read from the environment when a
/// process starts. Does nothing where that is set already, or cannot be done.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn limit() {
    use std::env;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    const HEAPS: &str = "MALLOC_ARENA_MAX";

    let mut arguments = env::args_os();
    let (Ok(program), Some(name), None) =
        (env::current_exe(), arguments.next(), env::var_os(HEAPS))
    else {
        return;
    };
    let mut again = Command::new(program);
    again.arg0(name).args(arguments).env(HEAPS, "2");
    // Returns only where it fails: then the server takes more memory.
    let _ = again.exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) const fn limit() {}
