//! The built command under bad luck: killed, interrupted, run many times at once, out of space, fed with odd files.

mod bench;
mod concurrent;
#[cfg(target_os = "linux")]
mod disk;
mod input;
mod interrupt;
mod kill;
mod random;
mod repair;
mod stores;
