//! The flows over the real engine, with faults put between them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "test code")]

mod cached;
mod damage;
mod diff;
mod digests;
mod fetch;
mod interposed;
mod journal;
mod lineage;
mod links;
mod many_streams;
mod progress;
mod refusals;
mod refusing;
mod resume_files;
mod retries;
mod run_files;
mod save;
mod script;
mod shares;
mod staging;
mod step;
mod streams;
mod unchanged;
mod uploads;
mod verify;
mod weather;
mod wire;
mod workbench;
