//! The adapter for W&B servers: GraphQL for what is known, HTTP for bytes.
//!
//! One [`Wandb`] is all of these ports, because a ticket of its registry is only good for its own transfer. Which fields a server
//! has is asked once: an older one is spoken to as the official client does.

mod catalog;
mod graphql;
mod http;
mod options;
mod registry;
mod server;
mod server_probe;
mod transfer;

pub use http::HttpFailure;
pub use options::{Credentials, Identity, Secret, WandbOptions};
pub use server::{Account, Wandb};
pub use server_probe::{Greeting, Storage};
