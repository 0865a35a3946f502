//! The flows over the real engine, with faults put between them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "test code")]

mod damage;
mod digests;
mod fetch;
mod interposed;
mod journal;
mod links;
mod progress;
mod refusals;
mod save;
mod script;
mod staging;
mod streams;
mod unchanged;
mod uploads;
mod verify;
mod workbench;
