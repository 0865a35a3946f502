//! The adapter for W&B servers: GraphQL for records, HTTP for content.
//!
//! [`Wandb`] implements the registry, the catalog and the transfer, because a registry's tickets are valid for its own transfer
//! only. The server's features are queried once; older servers get the requests that the official client sends them.

mod catalog;
mod graphql;
mod http;
mod options;
mod registry;
mod server;
mod server_probe;
mod transfer;

pub use http::HttpError;
pub use options::{Credentials, Identity, Secret, WandbOptions};
pub use server::{Account, Wandb};
pub use server_probe::{ProbeResponse, StorageHost};
