//! The adapters over real folders.
#![expect(clippy::unwrap_used, reason = "test code")]

mod cache;
mod cached_resolver;
mod content_cache;
#[cfg(feature = "file")]
mod file;
mod resolvers;
