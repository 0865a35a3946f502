//! The adapters over real folders.
#![expect(clippy::unwrap_used, reason = "test code")]

#[cfg(feature = "azure")]
mod azure;
mod cache;
mod cache_care;
mod cached_resolver;
mod content_cache;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "gs")]
mod gs;
#[cfg(feature = "http")]
mod http;
mod resolvers;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "_net")]
mod server;
