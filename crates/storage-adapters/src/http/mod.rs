//! Resolver of `http:` and `https:` URLs.

mod config;
mod open;
mod resolver;
mod uri;

pub use config::HttpConfig;
pub use resolver::HttpResolver;
