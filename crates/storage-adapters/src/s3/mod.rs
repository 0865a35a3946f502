//! Resolver of `s3:` URIs.

mod client;
mod config;
mod error;
mod list;
mod open;
mod resolver;
mod uri;

pub use config::{S3Addressing, S3Config, S3Credentials};
pub use resolver::S3Resolver;
