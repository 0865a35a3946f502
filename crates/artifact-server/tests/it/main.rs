//! The server over loopback: valid requests, invalid ones, and hostile ones.
#![expect(clippy::unwrap_used, reason = "test code")]

mod access;
mod client;
mod documents;
mod downloads;
mod file_stream;
mod large_manifest;
mod paths;
mod raw;
mod routes;
mod schema;
mod server;
mod signed_urls;
mod timeouts;
mod uploads;
mod versions;
