//! Use cases over the real engine, with faults injected between them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "test code")]

mod cached;
mod concurrency;
mod damage;
mod diff;
mod digests;
mod distributed;
mod faulty_streams;
mod fetch;
mod intercepted_registry;
mod intercepted_transfer;
mod journal;
mod lineage;
mod links;
mod progress;
mod random_faults;
mod refusals;
mod resume_files;
mod retries;
mod run_files;
mod save;
mod script;
mod staging;
mod stat_cache;
mod stream_sources;
mod uploads;
mod verify;
mod workbench;
