//! The contract of the blob port, for every adapter of this crate.

mod folder;
mod memory;
