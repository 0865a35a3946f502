//! Tests of the engine: the contract of its ports, and what only a store in a folder can do.
#![expect(clippy::unwrap_used, reason = "test code")]

mod collision;
mod conformance;
mod damage;
mod model;
mod opening;
mod parts;
mod processes;
mod receiving;
mod recovery;
mod scale;
mod store;
mod upload_rate;
