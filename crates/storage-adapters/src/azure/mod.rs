//! Resolver of the URLs of Azure Blob Storage.

mod client;
mod config;
mod list;
mod open;
mod resolver;
mod tokens;
mod uri;

pub use config::{AzureConfig, AzureCredential};
pub use resolver::AzureResolver;
