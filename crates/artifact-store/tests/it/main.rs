//! Tests of the engine: the contract of its ports, and what only a store in a folder can do.
#![expect(clippy::unwrap_used, reason = "test code")]

mod collision;
mod conformance;
mod damage;
mod model;
mod opening;
mod processes;
mod recovery;
mod scale;
mod store;
