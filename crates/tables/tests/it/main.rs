//! Tables: their files, and rows of other types.
#![expect(clippy::unwrap_used, reason = "test code")]

#[cfg(feature = "arrow")]
mod arrow;
mod files;
mod rows;
