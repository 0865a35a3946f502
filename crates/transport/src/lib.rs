//! The adapter for W&B servers: GraphQL for what is known, HTTP for bytes.
//!
//! One [`Wandb`] is all of these ports, because a ticket of its registry is only good for its own transfer. Which fields a server
//! has is asked once: an older one is spoken to as the official client does.

mod catalog;
mod file_stream;
mod files;
mod graphql;
mod greeting;
mod http;
mod options;
mod organizations;
mod quota;
mod rate;
mod records;
mod registry;
mod secret;
mod server;
mod tickets;
mod transfer;

pub use greeting::{Greeting, Storage};
pub use http::HttpFailure;
pub use options::{Credentials, Identity, WandbOptions};
pub use secret::Secret;
pub use server::{Account, Wandb};
