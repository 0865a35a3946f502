//! Tests of the engine: the contract of its ports, and what only a store in a folder can do.
#![expect(clippy::unwrap_used, reason = "test code")]

mod accounts;
mod changes;
mod collections;
mod collision;
mod conformance;
mod damage;
mod distributed;
mod entries;
mod garbage;
mod hub;
mod large_manifests;
mod links;
mod listings;
mod migration;
mod model;
mod opening;
mod parts;
mod processes;
mod receiving;
mod recovery;
mod run_files;
mod run_lines;
mod run_states;
mod runs;
mod scale;
mod share_folders;
mod store;
mod versions;
mod world;
