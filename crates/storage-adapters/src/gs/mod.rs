//! Resolver of `gs:` URIs.

mod client;
mod config;
mod list;
mod open;
mod resolver;
mod uri;

pub use config::{GsConfig, GsCredentials};
pub use resolver::GsResolver;
